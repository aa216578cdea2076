// Snaps: the agent owns when they are refreshed. snapd's own timer is held, with an end date, so that a dead agent does not
// mean snaps that are never refreshed.
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PatchRecord } from '../store/patch-records.ts'
import type { Snap, SnapChange, Snapd, SnapService } from '../system/snapd.ts'
import { SnapdError } from '../system/snapd.ts'
import { Discovered, NotNow, PatchFailed, type PatchKind, type Work } from './kind.ts'
import type { Policy } from './policy.ts'

/** Milliseconds that snapd gets for a change, with its own restarts. */
const changePatience = 30 * 60_000

export type SnapPatchParts = { snapd: Snapd; policy: Policy }

export class SnapPatches implements PatchKind {
  readonly name = 'snaps'
  readonly #parts: SnapPatchParts

  constructor(parts: SnapPatchParts) {
    this.#parts = parts
  }

  /** LXD's snap restarts the daemon and leaves the guests running. */
  disturbs(): boolean {
    return false
  }

  async discover(signal: AbortSignal): Promise<Discovered> {
    const { snapd, policy } = this.#parts
    const found = new Discovered()
    if (!existsSync(snapd.socketPath)) {
      found.problems.push('there is no snapd on this machine')
      return found
    }
    const installed = await snapd.snaps(signal)
    // Asked again each time, so that it ends when nobody asks any more.
    await found.of('refresh.hold', async () => {
      await this.#ended(await snapd.hold(new Date(Date.now() + policy.longestDeferral), signal), signal)
      return []
    })
    for (const { name, 'tracking-channel': tracking } of installed) {
      const channel = policy.snapChannels.get(name)
      if (!channel || channel === tracking) continue
      await found.of(name, async () => {
        const { err } = await this.#ended(await snapd.act(name, { action: 'switch', channel }, signal), signal)
        if (err) throw new Error(err)
        return []
      })
    }
    const newer = await snapd.refreshable(signal)
    for (const { name, revision, version } of newer) {
      const here = installed.find((one) => one.name === name)
      if (!here || here.revision === revision) continue
      found.offers.push({
        ...{ subject: name, from: here.revision, to: revision, urgent: false },
        title: `snap ${name} ${version} (revision ${revision})`,
      })
    }
    return found
  }

  async apply(patch: PatchRecord, { signal, note }: Work): Promise<void> {
    const { snapd } = this.#parts
    const { subject, to } = patch
    if ((await this.#installed(subject, signal)).revision === to) return
    if (patch.work.services === undefined) note({ services: (await this.#active(subject, signal)).map(nameOf) })
    const id = await this.#adoptOr(patch, signal, () => snapd.act(subject, { action: 'refresh', revision: to }, signal))
    note({ change: id })
    const change = await this.#ended(id, signal)
    if ((await this.#installed(subject, signal)).revision === to) return
    const message = `snapd: ${change.err?.trim() || `the change ended as ${change.status}`}`.slice(0, 1000)
    note({ change: undefined })
    // The store was away: nothing is known of the revision.
    if (change.tasks?.some(({ kind, status }) => kind === 'download-snap' && status === 'Error'))
      throw new NotNow(message)
    throw new PatchFailed(message)
  }

  /** Services that ran before and do not run now. */
  async faults(patch: PatchRecord, { signal }: Work): Promise<string[]> {
    const before = (patch.work.services as string[] | undefined) ?? []
    const active = new Set((await this.#active(patch.subject, signal)).map(nameOf))
    return before.filter((name) => !active.has(name)).map((name) => `service ${patch.subject}.${name} does not run`)
  }

  async revert(patch: PatchRecord, { signal }: Work): Promise<void> {
    const { snapd } = this.#parts
    const { subject, from } = patch
    for (;;) {
      if ((await this.#installed(subject, signal)).revision === from) return
      const id = await this.#adoptOr(patch, signal, () =>
        snapd.act(subject, { action: 'revert', revision: from }, signal),
      )
      const change = await this.#ended(id, signal)
      if (change.status === 'Error') throw new Error(`snapd: ${change.err}`)
    }
  }

  /** A change that is under way for this snap, begun by an agent that died or by somebody else, or a new one. */
  async #adoptOr({ subject }: PatchRecord, signal: AbortSignal, begin: () => Promise<string>): Promise<string> {
    const { snapd } = this.#parts
    const open = (await snapd.changes(signal)).find(
      ({ ready, kind, summary, data }) =>
        !ready &&
        /^(refresh|revert)-snap|^auto-refresh/.test(kind) &&
        (data?.['snap-names'] ?? [summary]).some((text) => text === subject || text.includes(`"${subject}"`)),
    )
    return open ? open.id : begin()
  }

  /** Follows a change to its end, also across a death of snapd, which goes on with it. */
  async #ended(id: string, signal: AbortSignal): Promise<SnapChange> {
    const deadline = performance.now() + changePatience
    for (;;) {
      if (performance.now() > deadline) throw new Error(`snapd has not ended its change ${id}`)
      const change = await this.#parts.snapd.change(id, signal).catch((error) => {
        signal.throwIfAborted()
        if (error instanceof SnapdError) throw error
        return undefined
      })
      if (change?.ready) return change
      await sleep(250, undefined, { signal })
    }
  }

  async #installed(name: string, signal: AbortSignal): Promise<Snap> {
    const found = await this.#parts.snapd.snap(name, signal)
    if (!found) throw new NotNow(`snap ${name} is not installed any more`)
    return found
  }

  async #active(name: string, signal: AbortSignal): Promise<SnapService[]> {
    return (await this.#parts.snapd.services(name, signal)).filter(({ active }) => active)
  }
}

const nameOf = ({ name }: SnapService) => name
