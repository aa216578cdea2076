import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { fail, type LocalServer, serve, sync } from '../../test/server.ts'
import { Connection } from '../connection/connection.ts'
import { path } from '../connection/path.ts'
import { UnavailableError } from '../errors.ts'
import { Api } from './api.ts'
import { EventStream } from './event-stream.ts'
import { type Change, Informer, type InformerOptions } from './informer.ts'
import { Tracker } from './tracker.ts'

const test = suite('informer')
type Thing = { name: string; status: string }

/** A server of things, and an informer of them. */
async function scene(options: InformerOptions & { retries?: number } = {}) {
  const things = new Map<string, Thing>()
  let refusing = 0
  const server: LocalServer = await serve({
    request: (asked, answer) => {
      if (refusing > 0) {
        refusing -= 1
        return fail(answer, 503, 'not now')
      }
      const [, name] = /instances\/([^?]+)/.exec(asked.url ?? '') ?? []
      if (name === undefined) return sync(answer, [...things.values()])
      const thing = things.get(name)
      return thing ? sync(answer, thing) : fail(answer, 404, 'not found')
    },
    socket: () => {},
  })
  const connection = new Connection({ socketPath: server.socketPath, retries: options.retries ?? 0 })
  const api = new Api(new Tracker(connection, []))
  const informer = new Informer<Thing>(
    {
      events: (more) => new EventStream(connection, {}, { ...more, reconnect: true }),
      list: (limits) => api.get('/1.0/instances', { recursion: 1 }, limits),
      get: (name, limits) => api.get(path`/1.0/instances/${name}`, {}, limits),
      keyOf: ({ name }) => name,
      once: options.retries === 0,
    },
    options,
  )
  const tell = (name: string, action = 'instance-started') => {
    for (const socket of server.sockets)
      socket.send(
        JSON.stringify({ type: 'lifecycle', metadata: { action, source: `/1.0/instances/${name}?project=p` } }),
      )
  }
  const close = async () => {
    await connection.close()
    await server[Symbol.asyncDispose]()
  }
  const refuse = (times: number) => {
    refusing = times
  }
  return { things, server, informer, tell, refuse, close, connection }
}

const short = (change: Change<Thing>) =>
  change.type === 'synced' ? 'synced' : `${change.type} ${change.key} ${change.value.status}`

test('lists, then tells each change with what the server says now, not what the event said', async () => {
  const { things, informer, tell, close, server } = await scene()
  things.set('a', { name: 'a', status: 'Stopped' })
  const seen: string[] = []
  for await (const change of informer) {
    seen.push(short(change))
    if (change.type === 'synced') {
      while (server.sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      things.set('a', { name: 'a', status: 'Running' })
      things.set('b', { name: 'b', status: 'Stopped' })
      tell('a', 'instance-stopped')
      tell('a')
      tell('b', 'instance-created')
    }
    if (seen.at(-1) === 'added b Stopped') {
      things.delete('a')
      tell('a', 'instance-deleted')
    }
    if (change.type === 'removed') break
  }
  assert.deepEqual(seen, ['added a Stopped', 'synced', 'changed a Running', 'added b Stopped', 'removed a Running'])
  assert.deepEqual([...informer.items.keys()], ['b'])
  await close()
})

test('what happened in a gap is found by a list', async () => {
  const { things, informer, server, close } = await scene()
  things.set('a', { name: 'a', status: 'Running' })
  const seen: string[] = []
  for await (const change of informer) {
    seen.push(short(change))
    if (seen.length === 2) {
      while (server.sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      things.clear()
      things.set('c', { name: 'c', status: 'Running' })
      server.cut()
    }
    if (seen.length === 5) break
  }
  assert.deepEqual(seen, ['added a Running', 'synced', 'removed a Running', 'added c Running', 'synced'])
  await close()
})

test('an event that never came is made up for by the next list; a server that is away for a while is asked again', async () => {
  const { things, informer, refuse, close } = await scene({ resync: 100, retries: 1 })
  refuse(3)
  const seen: string[] = []
  for await (const change of informer) {
    seen.push(short(change))
    if (seen.length === 1) things.set('a', { name: 'a', status: 'Running' })
    if (change.type === 'added') break
  }
  assert.deepEqual([...new Set(seen)], ['synced', 'added a Running'])
  await close()
})

test('ends with its signal, and with its client; with retries: 0 it ends at the first failure', async () => {
  const abort = new AbortController()
  const { informer, close, connection, server, refuse } = await scene({ signal: abort.signal, retries: 0 })
  for await (const change of informer) if (change.type === 'synced') abort.abort()
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(server.sockets.size, 0)
  refuse(1)
  const other = await scene({ retries: 0 })
  other.refuse(1)
  await assert.rejects(async () => {
    for await (const _ of other.informer);
  }, UnavailableError)
  await other.close()
  const third = await scene()
  for await (const change of third.informer)
    if (change.type === 'synced') setTimeout(() => third.connection.close(), 20)
  await third.close()
  await connection.close()
  await close()
})
