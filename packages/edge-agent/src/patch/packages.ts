// The machine's own packages, by its own apt: security updates as one set, kernel and GPU driver as another that goes in or
// back together, and the restart that either may ask for. The packages that are replaced are kept until the new ones are
// proven, so there is a way back without any server.
import { setTimeout as sleep } from 'node:timers/promises'
import { pendingUpdates } from '../host/guest-updates.ts'
import type { PatchRecord } from '../store/patch-records.ts'
import type { GuestUpdate } from '../store/records.ts'
import type { Ran, Run } from '../system/commands.ts'
import { Discovered, NotNow, type Offer, PatchFailed, type PatchKind, type Work } from './kind.ts'
import type { Policy } from './policy.ts'
import { namedUpdates } from './updates.ts'

export type PackagePatchParts = {
  run: Run
  /** Folder on the machine for the packages that are replaced. */
  keep: string
  policy: Policy
}

/** Names of packages that have to fit each other. */
const kernelSet = /^(linux-(image|headers|modules|kbuild)|nvidia-|libnvidia-|xserver-xorg-video-nvidia|firmware-nvidia)/
const sets = {
  system: { is: (name: string) => !kernelSet.test(name), says: 'security updates of the system' },
  kernel: { is: (name: string) => kernelSet.test(name), says: 'kernel and GPU driver' },
} as const

const apt = ['apt-get', '-y', '-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Options::=--force-confold']
/** Updates of the archives, and what an upgrade would do. */
const look = `set -e
apt-get update -qq -o APT::Update::Error-Mode=any -o Acquire::Retries=3 >&2
apt-get -s -o Debug::NoLocking=1 dist-upgrade | grep '^Inst ' || true`
/** Keeps each installed package as a file: the archives', or one made of what is installed. Nothing of another try stays. */
const keepOld = `set -e
rm -rf "$0"; mkdir -p "$0"; cd "$0"
for name in "$@"; do
  version=$(dpkg-query -W -f '\${Version}' "$name")
  apt-get download -qq "$name=$version" 2>/dev/null || dpkg-repack "$name" >&2
done`
/** What tells one start of the machine from another; in a container the kernel's own id does not. */
const bootMark = 'cat /proc/sys/kernel/random/boot_id; cut -d " " -f 22 /proc/1/stat'
// The braces are dpkg's own.
const halfInstalled = `dpkg-query -W -f '\${db:Status-Status} \${Package}\\n' | grep -E '^(half|unpacked|triggers)' || true`
const untilStarted = `for _ in $(seq 120); do
  case $(systemctl is-system-running 2>/dev/null) in running | degraded) break ;; esac
  sleep 1
done`
/** The file may be empty: that it is there says it. */
const rebootWanted = `cd /run; if [ -e reboot-required ]; then
  date -u -d "@$(stat -c %Y /var/lib/dpkg/status)" +%FT%TZ
  cat reboot-required reboot-required.pkgs 2>/dev/null | sort -u
fi`

export class PackagePatches implements PatchKind {
  readonly name = 'packages'
  readonly #parts: PackagePatchParts

  constructor(parts: PackagePatchParts) {
    this.#parts = parts
  }

  disturbs({ subject }: PatchRecord): boolean {
    return this.#parts.policy.reboot && subject !== 'system'
  }

  async discover(signal: AbortSignal): Promise<Discovered> {
    const found = new Discovered()
    const updates = pendingUpdates(await this.#sh(look, [], signal), true)
    for (const [name, { is, says }] of Object.entries(sets)) {
      const own = updates.filter((update) => is(update.name))
      if (own.length > 0) found.offers.push(offer(name, says, own))
    }
    const restart = this.#parts.policy.reboot ? await this.#restartWanted(signal) : ''
    if (restart) {
      const mark = await this.#bootMark(signal)
      const work = { boot: mark }
      found.offers.push({ subject: 'reboot', from: mark, to: restart, urgent: true, title: `a ${restart}`, work })
    }
    return found
  }

  async fetch(patch: PatchRecord, { signal }: Work): Promise<void> {
    const updates = updatesOf(patch)
    if (updates.length === 0) return
    // What is broken already would be taken for the patch's fault.
    const broken = (await this.#sh(halfInstalled, [], signal)).trim()
    if (broken)
      throw new Error(`packages are half installed already (dpkg --configure -a): ${broken.split('\n').join(', ')}`)
    await this.#do([...apt, 'install', '--download-only', '--no-install-recommends', ...updates.map(wanted)], signal)
    const installed = updates.filter(({ from }) => from !== '').map(({ name }) => name)
    await this.#sh(keepOld, installed, signal, this.#folder(patch))
  }

  async apply(patch: PatchRecord, work: Work): Promise<void> {
    const { policy } = this.#parts
    const { signal } = work
    const updates = updatesOf(patch)
    if (updates.length > 0) {
      // What a cut-off apt left half done.
      await this.#do(['dpkg', '--configure', '-a', '--force-confold'], signal)
      await this.#do([...apt, 'install', '--no-install-recommends', ...updates.map(wanted)], signal)
    }
    if (!policy.reboot || patch.subject === 'system') return
    await this.#reboot(patch, work)
    // What starts with the machine may ask for a restart again; one that never comes up whole is not waited for.
    await this.#sh(untilStarted, [], signal)
  }

  async faults(patch: PatchRecord, { signal }: Work): Promise<string[]> {
    const broken = (await this.#sh(halfInstalled, [], signal)).trim()
    const driver = await this.#driverMismatch(signal)
    return [
      ...(broken ? [`packages are not wholly installed: ${broken.split('\n').join(', ')}`] : []),
      // Else it would be restarted at each look.
      ...(patch.to === (await this.#restartWanted(signal)) ? [`the machine still asks for a ${patch.to}`] : []),
      ...(driver && patch.subject === 'kernel' && this.#parts.policy.reboot ? [driver] : []),
    ]
  }

  async commit(patch: PatchRecord, { signal }: Work): Promise<void> {
    await this.#sh('rm -rf "$0"', [], signal, this.#folder(patch))
  }

  async revert(patch: PatchRecord, work: Work): Promise<void> {
    const { signal } = work
    const updates = updatesOf(patch)
    const added = updates.filter(({ from }) => from === '').map(({ name }) => name)
    if (updates.length > 0)
      await this.#sh(
        `set -e
         export DEBIAN_FRONTEND=noninteractive
         [ -d "$0" ] || exit 0
         # Half-configured ones are replaced as they are.
         ! ls "$0"/*.deb >/dev/null 2>&1 || dpkg --force-confold --force-downgrade --unpack "$0"/*.deb >&2
         dpkg --force-confold --configure -a >&2
         [ $# = 0 ] || apt-get -y -qq remove "$@" >&2`,
        added,
        signal,
        this.#folder(patch),
      )
    if (patch.work.rebooted && patch.subject === 'kernel') await this.#reboot(patch, work, 'reverted')
    await this.#sh('rm -rf "$0"', [], signal, this.#folder(patch))
  }

  async drop(patch: PatchRecord, work: Work): Promise<void> {
    await this.commit(patch, work)
  }

  /** Restarts the machine once: the agent that comes up after it finds another mark, and goes on. */
  async #reboot(
    { work: { boot, rebooted, reverted } }: PatchRecord,
    { signal, note }: Work,
    key: 'rebooted' | 'reverted' = 'rebooted',
  ) {
    const now = await this.#bootMark(signal)
    // A kernel has restarted it since.
    if (boot !== undefined && boot !== now) return
    const from = key === 'rebooted' ? rebooted : reverted
    if (typeof from === 'string' && from !== now) return
    note({ [key]: now })
    await this.#parts.run(['systemctl', 'reboot'], signal)
    // It ends with the machine; where the machine is another one, it is waited for.
    for (;;) {
      await sleep(500, undefined, { signal })
      const mark = await this.#bootMark(signal).catch(() => now)
      if (mark !== now) return
    }
  }

  /**
   * `restart for` what asks for it, and of when the packages are: a request that stays after a restart is another one only once
   * packages have changed. Empty where nothing asks.
   */
  async #restartWanted(signal: AbortSignal): Promise<string> {
    const [changed = '', ...lines] = (await this.#sh(rebootWanted, [], signal)).trim().split('\n')
    if (changed === '') return ''
    const names = lines.filter((line) => !line.startsWith('***'))
    return `restart for ${names.join(', ') || 'installed updates'} (packages of ${changed})`
  }

  async #bootMark(signal: AbortSignal): Promise<string> {
    return (await this.#sh(bootMark, [], signal)).trim().replace('\n', '/')
  }

  /** The loaded driver is not the installed one: graphics fail until the machine is restarted. */
  async #driverMismatch(signal: AbortSignal): Promise<string> {
    const found = await this.#sh(
      'cat /sys/module/nvidia/version 2>/dev/null || echo none; modinfo -F version nvidia 2>/dev/null || echo none',
      [],
      signal,
    )
    const [loaded = 'none', installed = 'none'] = found.trim().split('\n')
    if (loaded === 'none' || installed === 'none' || loaded === installed) return ''
    return `the NVIDIA driver that runs is ${loaded}, and ${installed} is installed`
  }

  #folder({ subject }: PatchRecord): string {
    return `${this.#parts.keep}/${subject}`
  }

  async #sh(script: string, args: readonly string[], signal: AbortSignal, name = 'sh'): Promise<string> {
    return (await this.#do(['sh', '-c', script, name, ...args], signal)).stdout
  }

  /** @throws NotNow where somebody else uses apt, Error where archives do not answer, PatchFailed else. */
  async #do(command: readonly string[], signal: AbortSignal): Promise<Ran> {
    const ran = await this.#parts.run(command, signal)
    if (ran.exitCode === 0) return ran
    const said = (ran.stderr || ran.stdout).trim().slice(-800)
    if (/could not get lock|is locked by another/i.test(said)) throw new NotNow(`apt is in use: ${said}`)
    if (/Failed to fetch|Could not resolve|Unable to fetch|Unable to connect/i.test(said)) throw new NotNow(said)
    throw new PatchFailed(said || `${command.join(' ').slice(0, 200)} ended with ${ran.exitCode}`)
  }
}

function offer(subject: string, says: string, updates: readonly GuestUpdate[]): Offer {
  const { to } = namedUpdates(updates)
  return {
    ...{ subject, to, urgent: true, work: { updates } },
    from: namedUpdates(updates.map((one) => ({ ...one, to: one.from }))).to,
    title: `${says}: ${updates.map(({ name, to }) => `${name} ${to}`).join(', ')}`.slice(0, 500),
  }
}

const updatesOf = ({ work }: PatchRecord) => (work.updates as GuestUpdate[] | undefined) ?? []
const wanted = ({ name, to }: GuestUpdate) => `${name}=${to}`
