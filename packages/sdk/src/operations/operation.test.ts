import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { fail, type Handlers, serve, started, sync } from '../../test/server.ts'
import { Connection } from '../connection/connection.ts'
import { NotFoundError, OperationFailedError, OperationLostError, TimeoutError } from '../errors.ts'
import { Api } from './api.ts'
import { Operations } from './collection.ts'
import { isFinal, later, merge, type OperationState } from './state.ts'
import { Tracker } from './tracker.ts'

const test = suite('operations', { timeout: 20_000 })

const state = (status_code: number, more: Partial<OperationState> = {}): OperationState => ({
  id: '5b6e',
  class: 'task',
  description: 'Creating instance',
  updated_at: '2026-01-01T00:00:00.1Z',
  status: String(status_code),
  status_code,
  metadata: {},
  err: '',
  ...more,
})

/** A server whose operation is read with GET as `current()` says (undefined: 404), and a client of it. */
async function client(handlers: Handlers & { current?: () => OperationState | undefined; events?: boolean }) {
  const server = await serve({
    socket: handlers.events === false ? undefined : (handlers.socket ?? (() => {})),
    request: (asked, answer) => {
      if (handlers.request) return handlers.request(asked, answer)
      if (asked.method === 'POST') return started(answer, state(103))
      const now = handlers.current?.()
      if (!now) return fail(answer, 404, 'Operation not found')
      if (!asked.url?.includes('/wait')) return sync(answer, now)
      // As LXD does: status and headers first, the answer when it is over.
      answer.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
      const look = setInterval(() => {
        const now = handlers.current?.()
        if (now && !isFinal(now)) return
        clearInterval(look)
        const failure = { type: 'error', error: 'Operation not found', error_code: 404 }
        answer.end(JSON.stringify(now ? { type: 'sync', metadata: now } : failure))
      }, 10)
      asked.socket.once('close', () => clearInterval(look))
    },
  })
  const connection = new Connection({ socketPath: server.socketPath })
  const tracker = new Tracker(connection, [{ type: 'operation' }])
  return {
    server,
    connection,
    api: new Api(tracker),
    tell: (told: OperationState) => {
      for (const socket of server.sockets) socket.send(JSON.stringify({ type: 'operation', metadata: told }))
    },
    [Symbol.asyncDispose]: async () => {
      await connection.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

test('a final state sticks; of two others the later one counts', () => {
  const success = state(200)
  assert.equal(merge(success, state(103, { updated_at: '2026-01-01T00:00:09Z' })), success)
  assert.equal(merge(state(103, { updated_at: '2026-01-01T00:00:09Z' }), success), success)
  const [early, late] = [
    state(105, { updated_at: '2026-01-01T00:00:00.3Z' }),
    state(103, { updated_at: '2026-01-01T00:00:00.300000001Z' }),
  ]
  assert.equal(merge(early, late), late)
  assert.equal(merge(late, early), late)
  assert.ok(later('2026-01-01T01:00:00.5+00:00', '2026-01-01T01:00:00.295915794Z'))
  assert.ok(!later('2026-01-01T01:00:00Z', '2026-01-01T00:30:00-01:00'))
})

test('the event socket is open before the first request that starts work, and there is one', async () => {
  await using it = await client({})
  await Promise.all([it.api.start('POST', '/1.0/instances'), it.api.start('POST', '/1.0/instances')])
  assert.deepEqual(it.server.seen, ['SOCKET /1.0/events?type=operation', 'POST /1.0/instances', 'POST /1.0/instances'])
})

test('an end that is told before the answer to the request is not missed', async () => {
  await using it = await client({
    request: async (asked, answer) => {
      if (asked.method !== 'POST') return fail(answer, 404, 'Operation not found')
      it.tell(state(200, { metadata: { return: 7 } }))
      it.tell(state(103))
      await sleep(50)
      started(answer, state(103))
    },
  })
  const operation = await it.api.start<{ return: number }>('POST', '/1.0/instances')
  assert.ok(operation.final)
  assert.equal((await operation.wait()).metadata.return, 7)
})

test('"Running" after "Success" changes nothing, and nothing is asked while events tell', async () => {
  await using it = await client({})
  const operation = await it.api.start('POST', '/1.0/instances')
  const progress: unknown[] = []
  const waiting = operation.wait({ onProgress: (metadata) => progress.push(metadata.percent) })
  await sleep(20)
  it.tell(state(103, { metadata: { percent: 40 } }))
  await sleep(20)
  it.tell(state(200, { metadata: { percent: 100 } }))
  it.tell(state(103, { metadata: { percent: 90 }, updated_at: '2026-01-01T00:00:09Z' }))
  assert.equal(await waiting, operation)
  await sleep(20)
  assert.deepEqual([operation.statusCode, operation.metadata], [200, { percent: 100 }])
  assert.deepEqual(progress, [40, 100])
  assert.equal(it.server.seen.length, 2)
})

test('a failure and a cancellation are thrown with the words of the server', async () => {
  await using it = await client({})
  const operation = await it.api.start('POST', '/1.0/instances')
  setTimeout(() => it.tell(state(400, { err: 'No space left on device' })), 20)
  await assert.rejects(operation.wait(), (error: unknown) => {
    assert.ok(error instanceof OperationFailedError)
    assert.deepEqual([error.code, error.server], ['operation-failed', 'No space left on device'])
    return true
  })
  await using other = await client({})
  const cancelled = await other.api.start('POST', '/1.0/instances')
  setTimeout(() => other.tell(state(401)), 20)
  await assert.rejects(cancelled.wait(), { name: 'OperationFailedError', code: 'operation-cancelled' })
})

test('the waiting survives the loss of the event socket, whenever the work ends', async () => {
  let current = state(103)
  await using it = await client({ current: () => current })
  const operation = await it.api.start('POST', '/1.0/instances')
  const waiting = operation.wait()
  await sleep(50)
  it.server.cut()
  // It ends while nobody listens.
  current = state(200)
  assert.equal((await waiting).statusCode, 200)
})

test('where events are refused, the server is asked to hold its answer', async () => {
  let current = state(103)
  await using it = await client({ events: false, current: () => current })
  const operation = await it.api.start('POST', '/1.0/instances')
  setTimeout(() => {
    current = state(200)
  }, 300)
  await operation.wait()
  const waits = it.server.seen.filter((line) => line.includes('/wait'))
  assert.deepEqual(waits, ['GET /1.0/operations/5b6e/wait?timeout=30'])
})

test('an operation that the server has forgotten is lost, not "not found"', async () => {
  await using it = await client({ events: false })
  const operation = await it.api.start('POST', '/1.0/instances')
  await assert.rejects(operation.wait(), OperationLostError)
  await assert.rejects(operation.refresh(), NotFoundError)
  await operation.cancel()
})

test('an end that no event told is found by asking, before the server forgets it', async () => {
  let current = state(103)
  await using it = await client({ current: () => current })
  const operation = await it.api.start('POST', '/1.0/instances')
  current = state(200)
  const begin = performance.now()
  await operation.wait()
  assert.ok(performance.now() - begin < 5_000)
})

test('time-out and abort end the waiting, not the work', async () => {
  await using it = await client({ current: () => state(103) })
  const operation = await it.api.start('POST', '/1.0/instances')
  await assert.rejects(operation.wait({ deadline: 50 }), TimeoutError)
  const reason = new Error('enough')
  const abort = new AbortController()
  setTimeout(() => abort.abort(reason), 20)
  await assert.rejects(operation.wait({ signal: abort.signal }), (error) => error === reason)
  assert.ok(!it.server.seen.some((line) => line.startsWith('DELETE')))
  assert.ok(!('then' in operation))
})

test('closing the client ends the waiting', async () => {
  await using it = await client({ current: () => state(103) })
  const operation = await it.api.start('POST', '/1.0/instances')
  setTimeout(() => it.connection.close(), 20)
  await assert.rejects(operation.wait(), { code: 'closed' })
})

test('a call that another version makes an operation of, or does at once, comes to the same', async () => {
  await using it = await client({
    request: (asked, answer) => {
      if (asked.url === '/1.0/at-once') sync(answer, { done: true })
      else started(answer, state(103))
    },
  })
  const operation = await it.api.start('POST', '/1.0/at-once')
  assert.deepEqual([operation.final, (await operation.wait()).metadata], [true, { done: true }])
  setTimeout(() => it.tell(state(400, { err: 'no' })), 50)
  await assert.rejects(it.api.send('POST', '/1.0/later'), OperationFailedError)
})

test('lists of operations are read in both shapes', async () => {
  const [one, two] = [state(103), state(200, { id: '77aa' })]
  const shapes: unknown[] = [[one, two], { running: [one], success: [two] }, {}, null]
  await using it = await client({ request: (_, answer) => sync(answer, shapes.shift()) })
  const lengths: number[] = []
  while (shapes.length > 0) lengths.push((await new Operations(it.api).list()).length)
  assert.deepEqual(lengths, [2, 2, 0, 0])
})

test('the secrets of an operation do not show when it is printed or written down', async () => {
  const fds = { 0: 'hush-hush', control: 'hush-too' }
  await using it = await client({
    request: (_, answer) => started(answer, state(103, { metadata: { fds, secret: 'hush' } })),
  })
  const operation = await it.api.start<{ fds: typeof fds }>('POST', '/1.0/instances/x/exec')
  assert.equal(operation.metadata.fds[0], 'hush-hush')
  assert.doesNotMatch(inspect(operation, { depth: 9 }) + JSON.stringify([operation, operation.metadata]), /hush/)
})
