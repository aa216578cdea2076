// A launch as it was asked for, and the record it becomes: everything is checked before anything is written.
import type { Addons } from '../catalogue/addons.ts'
import type { Applications } from '../catalogue/applications.ts'
import type { Images } from '../catalogue/images.ts'
import { badRequest, conflict, notFound, notSupported } from '../errors.ts'
import { newId } from '../store/id.ts'
import type {
  Amounts,
  ApplicationRecord,
  ApplicationVersion,
  Goal,
  InstanceApplication,
  InstanceConfig,
  InstanceRecord,
  Resources,
} from '../store/records.ts'
import { defaultAmounts } from './capacity.ts'
import type { MachineWatch } from './machine.ts'
import { instanceApplication, originOf } from './origin.ts'
import { allocatePorts, type ServiceSpec } from './ports.ts'
import type { Projects } from './projects.ts'
import { asksRuntime } from './session.ts'

/** Bytes of user data that an instance may be given. */
const mostUserData = 10 * 1024

/** AMS's InstancesPost. The Go client sends zeros, empty strings and nulls for what is not given. */
export type Launch = {
  name?: string | null
  type?: string | null
  app_id?: string | null
  app_version?: number | null
  image_id?: string | null
  image_version?: number | null
  node?: string | null
  user_data?: string | null
  addons?: string[] | null
  services?: ServiceSpec[] | null
  resources?: {
    cpus?: number | null
    memory?: number | null
    disk_size?: number | null
    'gpu-slots'?: number | null
    'gpu-type'?: string | null
    'vpu-slots'?: number | null
    no_disk_reserve?: boolean | null
  } | null
  tags?: string[] | null
  config?: {
    platform?: string | null
    boot_package?: string | null
    boot_activity?: string | null
    metrics_server?: string | null
    disable_watchdog?: boolean | null
    features?: string | null
    devmode?: boolean | null
    enable_streaming?: boolean | null
    display?: { width?: number | null; height?: number | null; fps?: number | null; density?: number | null } | null
    security?: { delete_protected?: boolean | null } | null
  } | null
  no_start?: boolean | null
  source?: { type?: string | null; id?: string | null } | null
}

export type LaunchParts = {
  images: Images
  applications: Applications
  addons: Addons
  machine: MachineWatch
  nodeName: string
  nodeTags: () => readonly string[]
  projects: Projects
}

/** @throws ApiError 400, 404, 409, 501 and 503. */
export function draft(launch: Launch, others: readonly InstanceRecord[], parts: LaunchParts): InstanceRecord {
  refuseWhatIsNotServed(launch, parts)
  const id = newId()
  const name = launch.name || `ams-${id}`
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9-]{1,61})[A-Za-z0-9]$/.test(name))
    throw badRequest(
      `name ${JSON.stringify(name)}: 3 to 63 letters, digits and hyphens are allowed, with no hyphen at the ends`,
    )
  const userData = launch.user_data ?? ''
  if (Buffer.byteLength(userData) > mostUserData)
    throw badRequest(
      `user_data has ${Buffer.byteLength(userData)} bytes; ${mostUserData} are allowed: put larger files into the image`,
    )
  if (others.some((other) => other.name === name))
    throw conflict(`an instance "${name}" exists already: choose another name, or delete it first`)
  const { resources, services, features, imageVersion, ...origin } = originOf(launch, others, parts)
  const config = readConfig(launch, features)
  if (asksRuntime(config) && !imageVersion?.readsSession)
    throw notSupported(
      `config.devmode, features and display need an image that says it reads session.yaml (property anbox.session); image "${origin.image.name}" does not, and that is`,
    )
  const named = new Set((launch.services ?? []).map((service) => service.name))
  return {
    ...fresh(id, name, launch.no_start ? 'stopped' : 'running'),
    lxdProject: parts.projects.place(others),
    ...origin,
    application: ownApplication(launch, config, origin.application),
    amounts: readAmounts(launch.resources, resources, launch.source?.id ? 'copy' : 'new'),
    noDiskReserve: launch.resources?.no_disk_reserve ?? false,
    gpuType: launch.resources?.['gpu-type'] || undefined,
    services: allocatePorts([...services.filter((one) => !named.has(one.name)), ...(launch.services ?? [])], others),
    tags: launch.tags ?? [],
    userData,
    config,
    base: false,
  }
}

/** What every record begins with. */
const fresh = (id: string, name: string, goal: Goal) => ({
  id,
  name,
  lxdName: `ams-${id}`,
  createdAt: Math.floor(Date.now() / 1000),
  goal,
  status: 'created' as const,
  made: false,
  errorMessage: '',
  statusMessage: '',
  logsKept: false,
  storedLogs: [],
  address: '',
})

/** An instance that bootstraps a version of an application. Its ports stay closed: nobody but the agent uses it. */
export function draftBase(application: ApplicationRecord, version: ApplicationVersion): InstanceRecord {
  const id = newId()
  return {
    ...fresh(id, `ams-${id}`, 'running'),
    image: version.image,
    architecture: version.architecture,
    amounts: readAmounts(undefined, { ...application.resources, gpuSlots: 0 }, 'new'),
    noDiskReserve: false,
    services: [],
    tags: [],
    userData: '',
    config: {
      deleteProtected: false,
      disableWatchdog: true,
      devmode: false,
      features: '',
      platform: '',
    },
    base: true,
    application: instanceApplication(application, version),
    addons: version.addons,
    setUp: 'base',
  }
}

/** What the launch says of the package to boot goes before what the application says. */
function ownApplication(
  { config }: Launch,
  { disableWatchdog, devmode }: InstanceConfig,
  application: InstanceApplication | undefined,
): InstanceApplication | undefined {
  const { boot_package: bootPackage, boot_activity: bootActivity } = config ?? {}
  if (!application) {
    if (bootPackage || bootActivity)
      throw badRequest('config.boot_package and boot_activity are for instances of an application: give app_id')
    return undefined
  }
  const own = {
    ...application,
    ...(bootPackage && { bootPackage, bootActivity: '' }),
    ...(bootActivity && { bootActivity }),
  }
  return disableWatchdog || devmode ? { ...own, watchdog: undefined } : own
}

function readConfig({ config }: Launch, features: readonly string[]): InstanceConfig {
  const { width, height, fps, density } = config?.display ?? {}
  const display = width || height || fps || density
  return {
    deleteProtected: config?.security?.delete_protected ?? false,
    disableWatchdog: config?.disable_watchdog ?? false,
    devmode: config?.devmode ?? false,
    features: config?.features || features.join(','),
    platform: config?.platform ?? '',
    ...(display && {
      display: { width: width || 1280, height: height || 720, fps: fps || 60, density: density || 240 },
    }),
  }
}

function refuseWhatIsNotServed(launch: Launch, { machine, nodeName }: LaunchParts): void {
  const { config, resources } = launch
  const gpuType = resources?.['gpu-type']
  const given: [string, unknown][] = [
    ['virtual machines (type "vm")', launch.type === 'vm'],
    ['streaming (config.enable_streaming)', config?.enable_streaming],
    // What `null` means: no graphics. A guest with more needs a streaming stack.
    ['config.platform', config?.platform === 'null' ? '' : config?.platform],
    ['config.metrics_server', config?.metrics_server],
    ['VPU slots', resources?.['vpu-slots']],
    [`the GPU type "${gpuType}"`, gpuType && !machine.facts?.gpus.some(({ type }) => type === gpuType)],
  ]
  for (const [feature, value] of given) if (value) throw notSupported(feature)
  if (launch.type && launch.type !== 'container') throw badRequest(`type must be "container", not "${launch.type}"`)
  if (launch.node && launch.node !== nodeName) throw notFound('node', launch.node)
}

const leastBytes = 16 * 2 ** 20

function readAmounts(asked: Launch['resources'], preset: Resources, origin: 'new' | 'copy'): Amounts {
  const amounts = {
    cpus: asked?.cpus || preset.cpus || defaultAmounts.cpus,
    memory: asked?.memory || preset.memory || defaultAmounts.memory,
    // A copy has the disk of what it is a copy of.
    disk: (origin === 'new' && asked?.disk_size) || preset.disk || defaultAmounts.disk,
    gpuSlots: asked?.['gpu-slots'] || preset.gpuSlots || 0,
  }
  for (const [name, amount] of [
    ['memory', amounts.memory],
    ['disk_size', amounts.disk],
  ] as const) {
    if (amount < leastBytes)
      throw badRequest(`resources.${name} is ${amount} bytes; ${leastBytes} is the least (sizes are in bytes)`)
  }
  return amounts
}
