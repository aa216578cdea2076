// `/var/lib/anbox/session.yaml`: what a launch asked of the Anbox runtime. That `devmode` is visible there is documented by
// Anbox; the rest is this agent's own contract with its images, which say by their property `anbox.session` that they read it.
import { stringify } from 'yaml'
import type { InstanceRecord } from '../store/records.ts'
import { anboxDirectory } from './guest.ts'

export const sessionFile = `${anboxDirectory}/session.yaml`

/** "" when nothing was asked for that the guest does not do anyway. */
export function sessionText({ config, application }: InstanceRecord): string {
  const { devmode, features, platform, display } = config
  if (!asksRuntime(config)) return ''
  return stringify({
    devmode,
    ...(features && { features: features.split(',') }),
    ...(platform && { platform }),
    ...(display && { display }),
    ...(application?.bootPackage && { boot_package: application.bootPackage }),
  })
}

export const asksRuntime = ({ devmode, features, platform, display }: InstanceRecord['config']) =>
  devmode || features !== '' || (platform !== '' && platform !== 'null') || display !== undefined
