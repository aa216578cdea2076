// Where an instance comes from: an image, a version of an application, or another instance.
import { mustHold } from '../catalogue/images.ts'
import { badRequest, notFound, notNow } from '../errors.ts'
import type {
  ApplicationRecord,
  ApplicationVersion,
  ImageVersion,
  InstanceApplication,
  InstanceRecord,
  Resources,
} from '../store/records.ts'
import type { Launch, LaunchParts } from './launch.ts'
import type { ServiceSpec } from './ports.ts'

/** What it brings along. */
type Origin = Pick<InstanceRecord, 'image' | 'architecture' | 'addons' | 'application' | 'setUp' | 'copyOf'> & {
  resources: Resources
  services: readonly ServiceSpec[]
  features: readonly string[]
  imageVersion: ImageVersion | undefined
}

/** @throws ApiError 400, 404, 501 and 503. */
export function originOf(launch: Launch, others: readonly InstanceRecord[], parts: LaunchParts): Origin {
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
