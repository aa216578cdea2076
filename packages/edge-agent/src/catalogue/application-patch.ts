// What may be changed of an application, and what of it makes a new version.
import { badRequest } from '../errors.ts'
import type { ServiceSpec } from '../host/ports.ts'
import type { Resources } from '../store/records.ts'
import { allowedPackages, hookTimeout, type Manifest, type VideoEncoder } from './manifest.ts'
import { bytesOf } from './size.ts'

/** AMS's ApplicationPatch; null leaves a field as it is. */
export type ApplicationPatch = {
  image?: string | null
  'instance-type'?: string | null
  tags?: string[] | null
  addons?: string[] | null
  resources?: {
    cpus?: number | null
    memory?: string | number | null
    'disk-size'?: string | number | null
    'gpu-slots'?: number | null
  } | null
  inhibit_auto_updates?: boolean | null
  node_selector?: string[] | null
  services?: ServiceSpec[] | null
  features?: string[] | null
  watchdog?: { disabled?: boolean | null; 'allowed-packages'?: string[] | null } | null
  boot_activity?: string | null
  required_permissions?: string[] | null
  video_encoder?: string | null
  manifest_version?: string | null
  hooks?: { timeout?: string | null } | null
  bootstrap?: { keep?: string[] | null } | null
}

/** @throws ApiError 400. */
export function readResources(given: ApplicationPatch['resources']): Resources {
  return {
    ...(given?.cpus && { cpus: given.cpus }),
    ...(given?.memory && { memory: bytesOf(given.memory, 'resources.memory') }),
    ...(given?.['disk-size'] && { disk: bytesOf(given['disk-size'], 'resources.disk-size') }),
    ...(given?.['gpu-slots'] != null && { gpuSlots: given['gpu-slots'] }),
  }
}

/** The manifest with what a version carries changed, or undefined when nothing of it is. @throws ApiError 400. */
export function patched(manifest: Manifest, patch: ApplicationPatch): Manifest | undefined {
  const changes: Partial<Manifest> = {
    ...(patch.services && { services: patch.services }),
    ...(patch.features && { features: patch.features }),
    ...(patch.watchdog && {
      watchdog: {
        disabled: patch.watchdog.disabled ?? manifest.watchdog.disabled,
        'allowed-packages': allowedPackages(
          patch.watchdog['allowed-packages'] ?? manifest.watchdog['allowed-packages'],
        ),
      },
    }),
    ...(patch.boot_activity != null && { 'boot-activity': patch.boot_activity }),
    ...(patch.required_permissions && { 'required-permissions': patch.required_permissions }),
    ...(patch.video_encoder && { 'video-encoder': videoEncoder(patch.video_encoder) }),
    ...(patch.manifest_version != null && { version: patch.manifest_version }),
    ...(patch.hooks?.timeout != null && { hooks: { timeout: hookTimeout(patch.hooks.timeout) } }),
    ...(patch.bootstrap?.keep && { bootstrap: { keep: patch.bootstrap.keep } }),
  }
  return Object.keys(changes).length > 0 ? { ...manifest, ...changes } : undefined
}

function videoEncoder(given: string): VideoEncoder {
  if (given === 'gpu' || given === 'gpu-preferred' || given === 'software') return given
  throw badRequest(`video_encoder must be gpu, gpu-preferred or software, not "${given}"`)
}
