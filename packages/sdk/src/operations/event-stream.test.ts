import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { serve } from '../../test/server.ts'
import { Connection } from '../connection/connection.ts'
import { ForbiddenError } from '../errors.ts'
import { EventStream } from './event-stream.ts'

const test = suite('event stream')
const event = (action: number) => JSON.stringify({ type: 'lifecycle', metadata: { action } })

test('asks for what is wanted, comes back after a loss and says that it was away', async () => {
  let opened = 0
  await using server = await serve({ socket: (socket) => socket.send(event(++opened)) })
  await using connection = new Connection({ socketPath: server.socketPath })
  const seen: unknown[] = []
  for await (const { type, metadata } of new EventStream(
    connection,
    { project: 'p' },
    { types: ['lifecycle', 'operation'] },
  )) {
    seen.push(metadata?.action ?? type)
    if (seen.length === 1) server.cut()
    if (seen.length === 3) break
  }
  assert.deepEqual(seen, [1, 'gap', 2])
  assert.deepEqual(server.seen, Array(2).fill('SOCKET /1.0/events?project=p&type=lifecycle%2Coperation'))
  await sleep(50)
  assert.equal(server.sockets.size, 0)
})

test('a loss before anybody reads is told too, after what came before it', async () => {
  await using server = await serve({ socket: (socket) => socket.send(event(1)) })
  await using connection = new Connection({ socketPath: server.socketPath })
  const stream = await new EventStream(connection, {}).open()
  await sleep(50)
  server.cut()
  await sleep(50)
  const seen: string[] = []
  for await (const { type } of stream) if (seen.push(type) === 3) break
  assert.deepEqual(seen, ['lifecycle', 'gap', 'lifecycle'])
})

test('a slow reader gets every event, and stops the socket meanwhile', async () => {
  const count = 20_000
  let waiting = 0
  await using server = await serve({
    socket: (socket) => {
      for (let i = 0; i < count; i++)
        socket.send(JSON.stringify({ type: 'logging', metadata: { i, pad: 'x'.repeat(200) } }))
      setTimeout(() => {
        waiting = socket.bufferedAmount
      }, 200)
    },
  })
  await using connection = new Connection({ socketPath: server.socketPath })
  let next = 0
  for await (const { metadata } of new EventStream(connection, {})) {
    if (next === 10) await sleep(400)
    assert.equal(metadata?.i, next++)
    if (next === count) break
  }
  assert.ok(waiting > 1_000_000, `${waiting} bytes wait at the server`)
})

test('abort and close end the iteration, a refusal is thrown', async () => {
  await using server = await serve({ socket: () => {} })
  const connection = new Connection({ socketPath: server.socketPath })
  const abort = new AbortController()
  setTimeout(() => abort.abort(), 50)
  for await (const _ of new EventStream(connection, {}, { signal: abort.signal })) assert.fail()
  setTimeout(() => connection.close(), 50)
  for await (const _ of new EventStream(connection, {})) assert.fail()
  await using refusing = await serve({})
  await using other = new Connection({ socketPath: refusing.socketPath })
  await assert.rejects(new EventStream(other, {}).open(), ForbiddenError)
})
