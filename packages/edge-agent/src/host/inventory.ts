// What is in a guest: its Debian packages, and Android's own patch level.
import type { Inventory } from '../store/records.ts'
import type { Guest } from './guest.ts'

/** Lines of `installed NAME VERSION`; none where there is no dpkg. */
export const packagesScript = `command -v dpkg-query >/dev/null && dpkg-query -W -f '\${db:Status-Status} \${Package} \${Version}\\n' || true`
const script = `${packagesScript}
echo "android $(getprop ro.build.version.security_patch 2>/dev/null || true)"`

/** @throws GuestError. */
export async function inventoryOf(guest: Guest): Promise<Inventory> {
  return readInventory(await guest.sh('looking at what is installed', script, [], { timeout: 60 }))
}

export function readInventory(text: string): Inventory {
  const packages: Record<string, string> = {}
  let androidPatch = ''
  for (const line of text.split('\n')) {
    const [status, name = '', version = ''] = line.trim().split(' ')
    if (status === 'installed' && version) packages[name] = version
    if (status === 'android') androidPatch = name
  }
  return { packages, androidPatch }
}
