// A launch as it was asked for, and the record it becomes: everything is checked before anything is written.
import type { Addons } from '../catalogue/addons.ts'
import type { Applications } from '../catalogue/applications.ts'
import { type Images, mustHold } from '../catalogue/images.ts'
import { badRequest, conflict, notFound, notNow, notSupported } from '../errors.ts'
import { newId } from '../store/id.ts'
import type {
  Amounts,
  ApplicationRecord,
  ApplicationVersion,
  Goal,
  ImageVersion,
  InstanceApplication,
  InstanceConfig,
  InstanceRecord,
  Resources,
} from '../store/records.ts'
import { defaultAmounts } from './capacity.ts'
import type { MachineWatch } from './machine.ts'
import { allocatePorts, type ServiceSpec } from './ports.ts'
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
}

/** Where an instance comes from, and what that brings along. */
type Origin = Pick<InstanceRecord, 'image' | 'architecture' | 'addons' | 'application' | 'setUp' | 'copyOf'> & {
  resources: Resources
  services: readonly ServiceSpec[]
  features: readonly string[]
  imageVersion: ImageVersion | undefined
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

function originOf(launch: Launch, others: readonly InstanceRecord[], parts: LaunchParts): Origin {
  const given = [launch.app_id, launch.image_id, launch.source?.id].filter(Boolean)
  if (given.length > 1) throw badRequest('app_id, image_id and source exclude each other: give one of them')
  if (launch.app_id) return fromApplication(launch, parts)
  if (launch.source?.id) return fromInstance(launch, others)
  if (!launch.image_id)
    throw badRequest(
      'image_id is missing: name the image to launch (GET /1.0/images lists them), or give app_id or source',
    )
  return fromImage(launch, parts)
}

function fromImage(launch: Launch, { images, addons: known }: LaunchParts): Origin {
  const image = images.get(launch.image_id ?? '')
  const version = images.version(image, launch.image_version)
  const addons = known.forInstance(launch.addons ?? [], image.architecture)
  if (addons.length > 0) mustHold(image, version, 'addons')
  return {
    image: { id: image.id, name: image.name, version: version.version, fingerprint: version.fingerprint },
    architecture: image.architecture,
    addons,
    application: undefined,
    setUp: addons.length > 0 ? 'addons' : undefined,
    copyOf: undefined,
    resources: {},
    services: [],
    features: [],
    imageVersion: version,
  }
}

function fromApplication(launch: Launch, { applications, images, nodeTags }: LaunchParts): Origin {
  if (launch.addons?.length)
    throw badRequest('addons are for instances of an image: those of an application stand in its manifest')
  const application = applications.get(launch.app_id ?? '')
  const version = applications.launchable(application, launch.app_version)
  const missing = application.nodeSelector.filter((tag) => !nodeTags().includes(tag))
  if (missing.length > 0)
    throw notNow(
      `no suitable node: application "${application.name}" wants the tags ${missing.join(', ')}, which this machine has not`,
    )
  const found = instanceApplication(application, version)
  const hooks = [...version.hooks, ...version.addons.flatMap((addon) => addon.hooks)]
  const image = images.list().find(({ id }) => id === version.image.id)
  return {
    image: { ...version.image, fingerprint: version.fingerprint },
    architecture: version.architecture,
    addons: version.addons,
    application: found,
    setUp: hooks.length > 0 ? 'hooks' : undefined,
    copyOf: undefined,
    resources: application.resources,
    services: version.manifest.services,
    features: version.manifest.features,
    imageVersion: image?.versions.find(({ version: number }) => number === version.image.version),
  }
}

function fromInstance(launch: Launch, others: readonly InstanceRecord[]): Origin {
  const { id = '', type } = launch.source ?? {}
  if (type && type !== 'instance') throw badRequest(`source.type must be "instance", not "${type}"`)
  const source = others.find((other) => other.id === id || other.name === id)
  if (!source) throw notFound('instance', id ?? '')
  const still = source.status === 'stopped' || source.status === 'error'
  if (!still || source.goal !== 'stopped' || source.failing !== undefined || !source.made)
    throw badRequest(`instance "${source.name}" is ${source.status}: an instance must be stopped to be copied`)
  const { image, architecture, addons, application, setUp, amounts, lxdName } = source
  return {
    image,
    architecture,
    addons,
    application,
    // A base instance is copied to be looked at, not to bootstrap again.
    setUp: source.base ? undefined : setUp,
    copyOf: lxdName,
    resources: { disk: amounts.disk },
    services: [],
    features: [],
    imageVersion: undefined,
  }
}

export function instanceApplication(
  { id, name }: ApplicationRecord,
  { number, manifest, hooks, hookTimeout, bootPackage, bootActivity }: ApplicationVersion,
): InstanceApplication {
  const { disabled, 'allowed-packages': allowed } = manifest.watchdog
  const watchdog = disabled ? undefined : allowed
  const videoEncoder = manifest['video-encoder']
  return { id, name, version: number, bootPackage, bootActivity, videoEncoder, hooks, hookTimeout, watchdog }
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
