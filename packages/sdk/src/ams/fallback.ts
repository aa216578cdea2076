// Instances in terms of containers, for a server without `instance_support`. What containers cannot express is refused,
// never left out.
import { NotSupportedError } from '../errors.ts'
import { parseAmount } from './amounts.ts'
import type { AmsContainerFilter } from './containers.ts'
import type { AmsInstanceFilter } from './instances.ts'
import type { Container, ContainerPatch, ContainersPost, Instance, InstancePatch, InstancesPost } from './types.ts'

export function containerFilter({ base, type, ...filter }: AmsInstanceFilter): AmsContainerFilter {
  if (type === 'vm') throw refused('the filter type: vm')
  return base === undefined ? filter : { ...filter, type: base ? 'base' : 'regular' }
}

export function instanceOf({ type, config = {}, resources = {}, ...container }: Container): Instance {
  const { memory, 'disk-size': disk, ...counts } = resources
  return {
    public_address: '',
    app_name: '',
    app_version: 0,
    image_version: 0,
    error_message: '',
    ...container,
    base: type === 'base',
    type: 'container',
    config,
    resources: {
      ...counts,
      ...(memory ? { memory: parseAmount(memory) } : {}),
      ...(disk ? { 'disk-size': parseAmount(disk) } : {}),
    },
  }
}

export function containersPost({ name, type, source, resources, config, ...same }: InstancesPost): ContainersPost {
  const { memory, disk_size, cpus, 'gpu-slots': gpus, 'vpu-slots': vpus, ...further } = resources ?? {}
  const { display, enable_streaming, security, ...settings } = config ?? {}
  refuseGiven({ name, 'type: vm': type === 'vm', source })
  refuseGiven({ 'config.display': display, 'config.enable_streaming': enable_streaming, 'config.security': security })
  refuseGiven({ 'resources.gpu-type': further['gpu-type'], 'resources.no_disk_reserve': further.no_disk_reserve })
  const flat = { memory, disk_size, cpus, 'gpu-slots': gpus, 'vpu-slots': vpus }
  return { ...same, ...flat, ...(config ? { config: settings } : {}) }
}

export function containerPatch({ config, ...patch }: InstancePatch): ContainerPatch {
  // Unlike in a launch, false is a wish here: to take the protection away.
  if (config?.security?.delete_protected != null) throw refused('config.security')
  return patch
}

function refuseGiven(fields: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(fields)) if (given(value)) throw refused(name)
}

/** Zeros and empty values are how AMS's clients say that something is not given. */
function given(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.values(value).some(given) : Boolean(value)
}

function refused(what: string): NotSupportedError {
  return new NotSupportedError(`the server has no "instance_support", and its containers know no ${what}`, {
    code: 'not-supported',
  })
}
