// Security updates of the guest's own packages, with the guest's own apt. Only what a security archive offers is taken:
// apt names the archive of each package that it would install.
import type { GuestUpdate } from '../store/records.ts'
import { type Guest, GuestError } from './guest.ts'

/** Seconds. */
const patience = 600
/** In the errors of what could not be asked. */
export const refreshing = 'asking the archives for security updates'

/** Network first, and an answer from every archive: what could not be asked is not up to date. */
const refresh = `export DEBIAN_FRONTEND=noninteractive LC_ALL=C
command -v apt-get >/dev/null || { echo none; exit 0; }
apt-get update -qq -o APT::Update::Error-Mode=any -o Acquire::Retries=3 >&2
apt-get -s -o Debug::NoLocking=1 dist-upgrade | grep '^Inst ' || true`

const install = `export DEBIAN_FRONTEND=noninteractive LC_ALL=C
apt-get install -y -qq --no-install-recommends --only-upgrade -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=120 "$@" >/var/log/anbox-edge-updates.log 2>&1 </dev/null || { tail -c 400 /var/log/anbox-edge-updates.log >&2; exit 1; }
rm -f /var/cache/apt/archives/*.deb`

/**
 * Installs pending security updates.
 * @returns what was updated; nothing in a guest without apt.
 * @throws GuestError when the archives do not answer or an update does not install.
 */
export async function updateGuest(guest: Guest): Promise<GuestUpdate[]> {
  const updates = await pendingIn(guest).catch((error) => {
    if (error instanceof GuestError)
      throw new GuestError(`${error.message} (PATCH /1.0/config instance.security_updates false goes on without them)`)
    throw error
  })
  if (updates.length > 0)
    await guest.sh(
      'installing security updates',
      install,
      updates.map(({ name, to }) => `${name}=${to}`),
      { timeout: patience },
    )
  return updates
}

/** @throws GuestError when the archives do not answer. */
export async function pendingIn(guest: Guest): Promise<GuestUpdate[]> {
  return pendingUpdates(await guest.sh(refreshing, refresh, [], { timeout: patience }))
}

/**
 * Of what `apt-get -s` prints, a line such as
 * `Inst libssl3 [3.0.13-1] (3.0.14-1 Debian-Security:12/stable-security [amd64])`: only upgrades from a security archive.
 * @param added takes in what is installed anew with them, whose `from` is "".
 */
export function pendingUpdates(text: string, added = false): GuestUpdate[] {
  return text.split('\n').flatMap((line) => {
    const match = /^Inst (\S+)(?: \[([^\]]+)\])? \((\S+) ([^[]*)/.exec(line)
    const [, name = '', from = '', to = '', archives = ''] = match ?? []
    const security = archives.split(',').some((archive) => /-security\b|security\./i.test(archive.trim()))
    return match && security && (added || from) ? [{ name, from, to }] : []
  })
}
