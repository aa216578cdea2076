// What the owner of the machine says about patching, from the configuration's `patch` part.
import type { Config } from '../config.ts'
import type { PatchKindName } from '../store/patch-records.ts'
import { checkTimeZone, parseWindow, type Window } from './window.ts'

export type Policy = {
  readonly kinds: readonly PatchKindName[]
  readonly windows: readonly Window[]
  readonly zone: string
  /** Milliseconds between two checks, and by how much each is put off at random. */
  readonly checkEvery: number
  readonly jitter: number
  /** Milliseconds after which a patch goes in whatever the windows and holds say. */
  readonly longestDeferral: number
  /** Milliseconds to wait by the part of the fleet that this machine is in; empty: at once. In ascending order. */
  readonly waves: readonly { readonly part: number; readonly after: number }[]
  /** Milliseconds that instances get to end by themselves before a patch that needs it. */
  readonly drain: number
  /** Milliseconds that a new fault may take to go away by itself. */
  readonly grace: number
  /** The guest may take so many times as long to boot as before. */
  readonly slowdown: number
  readonly roll: boolean
  readonly reboot: boolean
  /** Versions of an image that are kept beside the proven one. */
  readonly keepVersions: number
  /** `KIND/SUBJECT` → the version that it stays at. */
  readonly pins: ReadonlyMap<string, string>
  /** Snap → the channel that it follows, `TRACK/RISK`; snapd's own choice without. */
  readonly snapChannels: ReadonlyMap<string, string>
}

export const patchKinds: readonly PatchKindName[] = ['images', 'applications', 'snaps', 'packages']
const hour = 3600_000

/** @throws Error that names what is wrong. */
export function readPolicy({ patch }: Pick<Config, 'patch'>): Policy {
  if (patch.lockUrl && !/^https:\/\/\S+$/.test(patch.lockUrl))
    throw new Error(`patch.lockUrl: must be an https address, not "${patch.lockUrl}"`)
  return {
    kinds: patch.kinds.map((kind) => {
      const found = patchKinds.find((one) => one === kind)
      if (!found) throw new Error(`patch.kinds: "${kind}" is none of ${patchKinds.join(', ')}`)
      return found
    }),
    windows: patch.windows.map((text) => named('patch.windows', () => parseWindow(text))),
    zone: named('patch.timeZone', () => checkTimeZone(patch.timeZone)),
    checkEvery: patch.checkMinutes * 60_000,
    jitter: (patch.checkMinutes * 60_000) / 4,
    longestDeferral: patch.maximumDeferralDays * 24 * hour,
    waves: patch.waves.map((text) => named('patch.waves', () => parseWave(text))).sort((a, b) => a.part - b.part),
    drain: patch.drainMinutes * 60_000,
    grace: patch.graceSeconds * 1000,
    slowdown: 1.5,
    roll: choice('patch.instances', patch.instances, ['keep', 'roll']) === 'roll',
    reboot: choice('patch.reboot', patch.reboot, ['no', 'yes']) === 'yes',
    keepVersions: patch.keepVersions,
    pins: pairs('patch.pins', patch.pins),
    snapChannels: new Map(
      [...pairs('patch.snapChannels', patch.snapChannels)].map(([name, channel]) => [name, wholeChannel(channel)]),
    ),
  }
}

/** `10:24`: the first 10 percent of the fleet wait 24 hours. */
function parseWave(text: string): { part: number; after: number } {
  const [, percent = '', hours = ''] = /^(\d{1,3}(?:\.\d+)?):(\d{1,4})$/.exec(text) ?? []
  if (!percent || Number(percent) > 100 || Number(percent) === 0)
    throw new Error(`"${text}" is no wave: write "PERCENT:HOURS", such as "1:0", "10:24", "100:72"`)
  return { part: Number(percent) / 100, after: Number(hours) * hour }
}

function pairs(key: string, texts: readonly string[]): Map<string, string> {
  return new Map(
    texts.map((text) => {
      const [name = '', value = ''] = text.split('=')
      if (!name || !value) throw new Error(`${key}: "${text}" is not NAME=VALUE`)
      return [name, value]
    }),
  )
}

const risks = ['stable', 'candidate', 'beta', 'edge']

/** As snapd says it: `edge` is `latest/edge`, and `5.21` is `5.21/stable`. */
function wholeChannel(channel: string): string {
  if (channel.includes('/')) return channel
  return risks.includes(channel) ? `latest/${channel}` : `${channel}/stable`
}

function choice(key: string, value: string, allowed: readonly string[]): string {
  if (allowed.includes(value)) return value
  throw new Error(`${key}: must be ${allowed.map((one) => `"${one}"`).join(' or ')}, not "${value}"`)
}

function named<T>(key: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`${key}: ${(error as Error).message}`)
  }
}
