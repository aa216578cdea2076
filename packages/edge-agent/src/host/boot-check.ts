// Nothing is `running` until Android says so.
import { setTimeout as sleep } from 'node:timers/promises'
import type { LxdClient } from '@anbox/sdk'
import type { Config } from '../config.ts'

/** Milliseconds between two looks into the guest: short at first, since a small guest is up in a second. */
const pauses = [50, 50, 50, 50, 75, 75, 100, 100, 150, 200, 300]
const longest = 500

/** The guest's command may hang; LXD kills it when its control socket goes. Milliseconds. */
const patience = 5_000

/**
 * Runs the boot check until it prints what is expected.
 * @param time ms from now, by a clock that nobody sets. At least one check is made, so an agent that was away does not fail
 * a guest that is up.
 * @returns whether Android came up in time.
 * @throws what the LXD client throws when LXD is away; the caller decides by looking at the instance again.
 */
export async function bootCheck(
  lxd: LxdClient,
  lxdName: string,
  check: Config['bootCheck'],
  time: number,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + time
  for (let round = 0; ; round += 1) {
    if (await passes(lxd, lxdName, check, signal)) return true
    const left = deadline - performance.now()
    if (left <= 0) return false
    await sleep(Math.min(pauses[round] ?? longest, left), undefined, { signal })
  }
}

async function passes(
  lxd: LxdClient,
  lxdName: string,
  check: Config['bootCheck'],
  signal: AbortSignal,
): Promise<boolean> {
  const limit = AbortSignal.timeout(patience)
  try {
    const { exitCode, stdout } = await lxd.instances.run(lxdName, check.command, {
      signal: AbortSignal.any([signal, limit]),
    })
    return exitCode === 0 && stdout.trim() === check.expect
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted) return false
    throw error
  }
}

/** The guest's first global IPv4 address, waiting for DHCP no longer than this many milliseconds; "" if none. */
export async function guestAddress(
  lxd: LxdClient,
  lxdName: string,
  patience: number,
  signal: AbortSignal,
): Promise<string> {
  const deadline = performance.now() + patience
  for (;;) {
    const { network } = await lxd.instances.state(lxdName, { signal })
    const addresses = Object.entries(network ?? {}).flatMap(([name, device]) =>
      name === 'lo' ? [] : (device.addresses ?? []),
    )
    const found = addresses.find((address) => address.family === 'inet' && address.scope === 'global')?.address
    if (found || performance.now() >= deadline) return found ?? ''
    await sleep(100, undefined, { signal })
  }
}
