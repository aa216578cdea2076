// AMS's lifecycle events, told from the records: a status that was written is a status that was reached.
import type { EventHub } from '../operations/events.ts'
import type { InstanceRecord, InstanceStatus } from '../store/records.ts'
import type { Store } from '../store/store.ts'

const actions: Record<InstanceStatus, string> = {
  created: 'instance-created',
  prepared: 'instance-scheduled',
  started: 'instance-started',
  running: 'instance-running',
  stopped: 'instance-stopped',
  error: 'instance-failed',
}

export function tellLifecycle(store: Store, events: EventHub): void {
  store.instances.onChange((after, before) => {
    const action = actionOf(after, before)
    if (action) events.emit('lifecycle', { action, source: `/1.0/instances/${(after ?? before)?.id}` })
  })
}

function actionOf(after: InstanceRecord | undefined, before: InstanceRecord | undefined): string | undefined {
  // What is made ahead is nobody's instance; once it is taken, it is one that was just created.
  if ((after ?? before)?.warm) return undefined
  if (before?.warm) return 'instance-created'
  if (!after) return 'instance-removed'
  return after.status === before?.status ? undefined : actions[after.status]
}
