// A set of package updates has no version of its own: it is named by what it brings.
import { createHash } from 'node:crypto'
import type { GuestUpdate } from '../store/records.ts'

export function namedUpdates(updates: readonly GuestUpdate[]): { to: string } {
  const lines = updates.map(({ name, to }) => `${name}=${to}`).sort()
  const digest = createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12)
  return { to: `${lines.length} update${lines.length === 1 ? '' : 's'} (${digest})` }
}
