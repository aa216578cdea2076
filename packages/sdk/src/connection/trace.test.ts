import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import diagnostics from 'node:diagnostics_channel'
import { suite } from '@anbox/harness'
import { fail, serve, sync } from '../../test/server.ts'
import { Connection } from './connection.ts'
import { type RequestTrace, requestTracing } from './trace.ts'

const test = suite('tracing')

test('a request is told with its server, path and status, and nothing that may be secret', async () => {
  await using server = await serve({
    request: (asked, answer) => (asked.url?.startsWith('/1.0/x') ? fail(answer, 404, 'no') : sync(answer, 'secret')),
    socket: () => {},
  })
  await using connection = new Connection({ socketPath: server.socketPath, retries: 0 })
  const seen: [string, RequestTrace][] = []
  const note = (what: string) => (message: unknown) => seen.push([what, message as RequestTrace])
  const listeners = (['start', 'error', 'asyncEnd'] as const).flatMap((what) =>
    ['request', 'socket'].map((kind) => [`tracing:anbox-sdk:${kind}:${what}`, note(`${kind} ${what}`)] as const),
  )
  for (const [name, listener] of listeners) diagnostics.subscribe(name, listener)
  await connection.request('POST', '/1.0', { query: { secret: 'hush' }, body: { password: 'hush' } })
  await connection.request('GET', '/1.0/x', { headers: { authorization: 'hush' } }).catch(() => {})
  await connection.socket('/1.0/operations/1/websocket', { query: { secret: 'hush' } })
  for (const [name, listener] of listeners) diagnostics.unsubscribe(name, listener)
  assert.deepEqual(
    seen.map(([what, trace]) => `${what} ${trace['http.request.method']} ${trace['url.path']}`),
    [
      'request start POST /1.0',
      'request asyncEnd POST /1.0',
      'request start GET /1.0/x',
      'request error GET /1.0/x',
      'request asyncEnd GET /1.0/x',
      'socket start GET /1.0/operations/1/websocket',
      'socket asyncEnd GET /1.0/operations/1/websocket',
    ],
  )
  assert.deepEqual([seen[1]?.[1]['http.response.status_code'], seen[3]?.[1]['http.response.status_code']], [200, 404])
  assert.equal(seen[0]?.[1]['server.address'], `unix:${server.socketPath}`)
  assert.doesNotMatch(JSON.stringify(seen), /hush/)
})

test('the headers that a tracer adds see its own context, and how often a request was sent again', async () => {
  const got: (string | undefined)[] = []
  let lost = 1
  await using server = await serve({
    request: (asked, answer) => {
      got.push(String(asked.headers.traceparent))
      if (lost-- > 0) asked.socket.destroy()
      else sync(answer, {})
    },
  })
  const spans = new AsyncLocalStorage<{ id: string }>()
  requestTracing.start.bindStore(spans, (trace) => ({ id: `span-of-${(trace as RequestTrace)['url.path']}` }))
  await using connection = new Connection({
    socketPath: server.socketPath,
    headers: (request) => ({ traceparent: `${spans.getStore()?.id}-${request['http.request.resend_count']}` }),
  })
  await connection.request('GET', '/1.0')
  requestTracing.start.unbindStore(spans)
  assert.deepEqual(got, ['span-of-/1.0-0', 'span-of-/1.0-1'])
})
