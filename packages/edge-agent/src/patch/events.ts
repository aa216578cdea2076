// Patches in the event stream and the log: a state that was written is one that was entered.
import type { EventHub } from '../operations/events.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../system/log.ts'

export function tellPatches(store: Store, events: EventHub, log: Logger): void {
  const tell = (action: string, id: string) => events.emit('lifecycle', { action, source: `/1.0/edge/patches/${id}` })
  store.patches.onChange((after, before) => {
    if (!after || after.state === before?.state) return
    log.debug({ patch: after.id, state: after.state }, 'patch')
    tell(`patch-${after.state}`, after.id)
  })
  store.patchEnds.onChange((after, before) => {
    if (after && !before) tell(`patch-${after.outcome}`, `${after.kind}/${after.subject}`)
  })
}
