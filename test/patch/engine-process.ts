// `node engine-process.ts OPTIONS`: the agent's patch engine over one kind, for a machine that is an LXD instance. It works until
// nothing more is to be done now, prints what there is as JSON, and ends. With `cutAt` it kills itself there.
import { join } from 'node:path'
import { LxdClient } from '@anbox/sdk'
import { PatchClock } from '../../packages/edge-agent/src/patch/clock.ts'
import { Patching } from '../../packages/edge-agent/src/patch/engine.ts'
import type { PatchKind } from '../../packages/edge-agent/src/patch/kind.ts'
import { PackagePatches } from '../../packages/edge-agent/src/patch/packages.ts'
import { policyOf } from '../../packages/edge-agent/src/patch/policy.fixture.ts'
import { readPolicy } from '../../packages/edge-agent/src/patch/policy.ts'
import { renderPatches } from '../../packages/edge-agent/src/patch/render.ts'
import { SnapPatches } from '../../packages/edge-agent/src/patch/snaps.ts'
import { readClocks } from '../../packages/edge-agent/src/patch/time.ts'
import type { Health, PatchState } from '../../packages/edge-agent/src/store/patch-records.ts'
import { Store } from '../../packages/edge-agent/src/store/store.ts'
import { makeLog } from '../../packages/edge-agent/src/system/log.ts'
import { Snapd } from '../../packages/edge-agent/src/system/snapd.ts'

export type Cut = {
  state: PatchState
  /** When it was written; or when its work was done and the next one is to be written. */
  when: 'written' | 'worked'
}
export type Options = {
  /** Of the store. */
  directory: string
  kind: 'packages' | 'snaps'
  /** LXD's socket, and the instance that is the machine. */
  lxd: string
  instance: string
  /** snapd's, as it is reached from here. */
  snapd?: string
  policy?: object
  cutAt?: Cut
  /** It gives up waiting after so many. */
  maxRounds?: number
}
export type Told = ReturnType<typeof renderPatches>

const healthy: Health = { lxd: true, gpus: 0, diskFree: 1, running: [] }

if (process.argv[1] === import.meta.filename) await work(JSON.parse(process.argv[2] ?? '{}') as Options)

async function work({
  directory,
  kind,
  lxd,
  instance,
  snapd,
  policy: given,
  cutAt,
  maxRounds = 1000,
}: Options): Promise<void> {
  const client = new LxdClient({ socketPath: lxd })
  const run = async (command: readonly string[], signal: AbortSignal) => {
    const environment = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
    return client.instances.run(instance, [...command], { environment, signal, limit: 4 * 2 ** 20 })
  }
  const policy = readPolicy({ patch: policyOf({ kinds: [kind], checkMinutes: 1, graceSeconds: 3, ...given }) })
  const kinds: PatchKind[] =
    kind === 'packages'
      ? [new PackagePatches({ run, keep: '/var/lib/replaced-packages', policy })]
      : [new SnapPatches({ snapd: new Snapd(snapd), policy })]
  const store = new Store(directory)
  store.patches.onChange((after, before) => {
    if (!cutAt || after?.state === before?.state) return
    if (cutAt.when === 'written' && after?.state === cutAt.state) process.kill(process.pid, 'SIGKILL')
  })
  // What was worked for is about to be written: it dies before.
  const { change } = store.patches
  store.patches.change = (id, edit) =>
    change.call(store.patches, id, (document) => {
      const next = edit(document)
      if (cutAt?.when === 'worked' && document.state === cutAt.state && next.state !== document.state)
        process.kill(process.pid, 'SIGKILL')
      return next
    })
  // The last one ends with its record.
  const { put } = store.patchEnds
  store.patchEnds.put = (end) => {
    const ending = store.patches.list().some(({ state }) => state === cutAt?.state)
    if (cutAt?.when === 'worked' && ending) process.kill(process.pid, 'SIGKILL')
    return put.call(store.patchEnds, end)
  }
  const patching = new Patching({
    ...{ store, kinds, policy, read: readClocks, machine: instance, log: makeLog('info') },
    host: { wake: () => {} } as never,
    health: { measure: async () => healthy },
    lock: { lock: async () => 'granted', release: async () => 'granted' },
    clock: new PatchClock(Number(store.settings.get('patch.clock')?.value ?? 0)),
  })
  patching.check()
  for (let idle = 0, rounds = 0; idle < 2 && rounds < maxRounds; rounds += 1) {
    const pause = await patching.round()
    // What waits to be tried again within seconds is waited for.
    if (pause > 0 && pause < 20_000 && patching.patches.list().length > 0)
      await new Promise((r) => setTimeout(r, pause))
    else if (pause > 0) idle += 1
  }
  process.stdout.write(`${JSON.stringify(renderPatches(patching))}\n`)
  store.close()
  await client.close()
}

export const script = join(import.meta.dirname, 'engine-process.ts')
