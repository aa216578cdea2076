// Work in progress that a client can wait for.
//
// Invariants:
// - A final status is never left again.
// - An operation about instances, or a version of an application, has no continuation in memory: it ends when their records
//   say so. So it survives the agent's death together with the records it waits for.
// - Every other operation (an upload, an exec) ends with the agent: a restart marks it as failed.
import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { ApiError, notFound } from '../errors.ts'
import type { Goal, InstanceRecord, OperationRecord, OperationStatus } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { EventHub } from './events.ts'
import { renderOperation } from './render.ts'

/** A finished operation stays readable this long (ms); LXD's 5 s are too short for a slow client. */
const retention = 5 * 60_000

export const isFinal = (status: OperationStatus) => status !== 'running' && status !== 'cancelling'

type New = Pick<OperationRecord, 'description' | 'resources'> &
  Partial<Pick<OperationRecord, 'class' | 'metadata' | 'mayCancel' | 'subjects' | 'want' | 'version'>>

export class Operations {
  readonly #store: Store
  readonly #events: EventHub
  /** Of operations that need not outlive the agent: exec. They save the disk a write each. */
  readonly #volatile = new Map<string, OperationRecord>()
  readonly #cancels = new Map<string, () => void>()
  readonly #ended = new EventEmitter().setMaxListeners(0)
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(store: Store, events: EventHub) {
    this.#store = store
    this.#events = events
    store.instances.onChange((after, before) => this.#settleAbout((after ?? before)?.id ?? ''))
    store.applications.onChange((after, before) => this.#settleAbout((after ?? before)?.id ?? ''))
  }

  /** After a restart: ends what cannot go on, and what came to its end unseen. Call once. */
  resume(): void {
    for (const operation of this.#store.operations.list()) {
      if (isFinal(operation.status)) this.#forgetLater(operation)
      else if (operation.subjects.length > 0 || operation.version) this.#settle(operation)
      else this.fail(operation.id, 'the agent was restarted before this was done; ask again')
    }
  }

  create(fresh: New): OperationRecord {
    const now = Date.now()
    const operation: OperationRecord = {
      id: randomUUID(),
      class: 'task',
      createdAt: now,
      updatedAt: now,
      status: 'running',
      err: '',
      mayCancel: false,
      metadata: null,
      subjects: [],
      ...fresh,
    }
    this.#write(operation)
    return operation
  }

  /** Of a change that needs no waiting. */
  done(description: string, resources: OperationRecord['resources']): OperationRecord {
    const { id } = this.create({ description, resources })
    this.succeed(id)
    return this.get(id)
  }

  /** Looks at the records now: for a change that was already as wanted. */
  check(id: string): OperationRecord {
    const operation = this.get(id)
    this.#settle(operation)
    return this.get(id)
  }

  get(id: string): OperationRecord {
    const operation = this.#volatile.get(id) ?? this.#store.operations.get(id)
    if (!operation) throw notFound('operation', id)
    return operation
  }

  list(): OperationRecord[] {
    return [...this.#store.operations.list(), ...this.#volatile.values()]
  }

  progress(id: string, metadata: Record<string, unknown>): void {
    this.#change(id, (operation) => ({ ...operation, metadata: { ...operation.metadata, ...metadata } }))
  }

  succeed(id: string, metadata?: Record<string, unknown>, resources?: OperationRecord['resources']): void {
    this.#change(id, (operation) => ({
      ...operation,
      status: 'success',
      metadata: metadata ? { ...operation.metadata, ...metadata } : operation.metadata,
      resources: resources ?? operation.resources,
    }))
  }

  fail(id: string, message: string): void {
    this.#change(id, (operation) => ({
      ...operation,
      status: operation.status === 'cancelling' ? 'cancelled' : 'failure',
      err: message,
    }))
  }

  /** Says how this operation is cancelled, for as long as it runs. */
  onCancel(id: string, cancel: () => void): void {
    this.#cancels.set(id, cancel)
  }

  /** @throws ApiError 400 where it cannot be cancelled. */
  cancel(id: string): void {
    const operation = this.get(id)
    if (isFinal(operation.status)) throw new ApiError(400, `operation "${id}" has ended`)
    if (!operation.mayCancel)
      throw new ApiError(400, `operation "${id}" (${operation.description}) cannot be cancelled`)
    this.#change(id, (running) => ({ ...running, status: 'cancelling' }))
    if (operation.want === 'running') {
      for (const subject of operation.subjects)
        this.#store.instances.change(subject, (record) => ({ ...record, goal: 'deleted' }))
    }
    this.#cancels.get(id)?.()
    this.check(id)
  }

  /** Resolves with the operation once it is final or the time (ms) is over, whichever is first. */
  async wait(id: string, timeout: number, signal?: AbortSignal): Promise<OperationRecord> {
    const now = this.get(id)
    if (isFinal(now.status)) return now
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#ended.off(id, done)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = timeout >= 0 ? setTimeout(done, Math.min(timeout, 2 ** 31 - 1)) : undefined
      this.#ended.once(id, done)
      signal?.addEventListener('abort', done, { once: true })
    })
    return this.get(id)
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const operation of this.#volatile.values()) if (!isFinal(operation.status)) this.#cancels.get(operation.id)?.()
  }

  #settleAbout(subject: string): void {
    for (const operation of this.#store.operations.list()) {
      if (isFinal(operation.status)) continue
      if (operation.subjects.includes(subject) || operation.version?.application === subject) this.#settle(operation)
    }
  }

  #settle(operation: OperationRecord): void {
    const { want, subjects, version } = operation
    if (version) this.#settleVersion(operation, version)
    if (want === undefined || isFinal(operation.status)) return
    const records = subjects.map((id) => this.#store.instances.get(id))
    if (operation.status === 'cancelling') {
      if (records.every((record) => record === undefined)) this.fail(operation.id, 'cancelled')
      return
    }
    const verdicts = records.map((record) => verdict(record, want))
    const failure = verdicts.find((found) => found !== 'done' && found !== 'open')
    if (failure) {
      this.fail(operation.id, failure.failed)
      return
    }
    if (verdicts.every((found) => found === 'done')) {
      this.succeed(operation.id)
      return
    }
    const [record] = records
    const stage = record?.failing ? 'failing' : record?.status
    if (record && stage !== undefined && operation.metadata?.stage !== stage)
      this.progress(operation.id, { stage, progress: { stage, message: record.statusMessage } })
  }

  #settleVersion({ id, status, metadata }: OperationRecord, about: NonNullable<OperationRecord['version']>): void {
    if (isFinal(status)) return
    const found = this.#store.applications
      .get(about.application)
      ?.versions.find(({ number }) => number === about.number)
    if (!found) this.fail(id, 'the version was deleted meanwhile')
    else if (found.status === 'error') this.fail(id, found.errorMessage)
    else if (found.status === 'active') this.succeed(id)
    else if (metadata?.stage !== found.stage)
      this.progress(id, { stage: found.stage, progress: { stage: found.stage } })
  }

  #change(id: string, edit: (operation: OperationRecord) => OperationRecord): void {
    const operation = this.#volatile.get(id) ?? this.#store.operations.get(id)
    if (!operation || isFinal(operation.status)) return
    this.#write({ ...edit(operation), updatedAt: Date.now() })
  }

  #write(operation: OperationRecord): void {
    if (operation.class === 'websocket') this.#volatile.set(operation.id, operation)
    else this.#store.operations.put(operation)
    this.#events.emit('operation', renderOperation(operation))
    if (!isFinal(operation.status)) return
    this.#cancels.delete(operation.id)
    this.#ended.emit(operation.id)
    this.#forgetLater(operation)
  }

  #forgetLater(operation: OperationRecord): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        this.#volatile.delete(operation.id)
        this.#store.operations.delete(operation.id)
      },
      Math.max(0, operation.updatedAt + retention - Date.now()),
    ).unref()
    this.#timers.add(timer)
  }
}

function verdict(record: InstanceRecord | undefined, want: Goal): 'done' | 'open' | { failed: string } {
  if (want === 'deleted') return record ? 'open' : 'done'
  if (!record) return { failed: 'the instance was deleted meanwhile' }
  if (record.status === 'error' && !record.failing && record.goal !== 'running') return { failed: record.errorMessage }
  if (record.goal !== want && !record.failing)
    return { failed: `another request asked for the instance to be ${record.goal} meanwhile` }
  return record.status === want ? 'done' : 'open'
}
