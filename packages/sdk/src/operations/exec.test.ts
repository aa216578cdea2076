// What LXD does at its worst moments; the rest is tested with a real LXD.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import type { WebSocket } from 'ws'
import { serve, started, sync } from '../../test/server.ts'
import { Connection } from '../connection/connection.ts'
import { OperationFailedError, UnavailableError } from '../errors.ts'
import { Api } from './api.ts'
import { exec } from './exec.ts'
import { collect } from './run.ts'
import { Tracker } from './tracker.ts'

const test = suite('exec')
const fds = { 0: 'secret-0', 1: 'secret-1', 2: 'secret-2', control: 'secret-control' }
const operation = (status_code: number, more: object = {}) => ({
  id: 'e1',
  class: 'websocket',
  status: '',
  status_code,
  metadata: { fds },
  ...more,
})

/** A server with one command; `begin` is called once its four sockets are there. */
async function command(
  begin: (sockets: Record<string, WebSocket>, tell: (state: object) => void) => void,
  current: object = operation(103),
) {
  const sockets: Record<string, WebSocket> = {}
  const order: string[] = []
  const tell = (state: object) => sockets.events?.send(JSON.stringify({ type: 'operation', metadata: state }))
  const server = await serve({
    request: (asked, answer) => (asked.method === 'POST' ? started(answer, operation(103)) : sync(answer, current)),
    socket: (socket, url) => {
      const name = /secret=secret-(\w+)/.exec(url)?.[1] ?? 'events'
      order.push(name)
      sockets[name] = socket
      if (order.length === 5) begin(sockets, tell)
    },
  })
  const connection = new Connection({ socketPath: server.socketPath })
  const api = new Api(new Tracker(connection, [{ type: 'operation' }]))
  const end = async () => {
    await connection.close()
    await server[Symbol.asyncDispose]()
  }
  return {
    server,
    order,
    sockets,
    start: (signal?: AbortSignal) => exec(api, '/1.0/instances/x/exec', {}, { stdin: '', signal }),
    [Symbol.asyncDispose]: end,
  }
}

test('the control socket comes first and stays to the end; the end of an output may come before and after that of the command', async () => {
  let controlOpen = false
  await using it = await command(async (sockets, tell) => {
    sockets['1']?.send(Buffer.from('out'))
    sockets['1']?.send('')
    sockets['1']?.terminate() // As LXD does.
    tell(operation(200, { metadata: { return: 3 } }))
    await sleep(100)
    controlOpen = sockets.control?.readyState === 1
    sockets['2']?.send(Buffer.from('err'))
    sockets['2']?.close(1000)
  })
  const result = await collect(it.start)
  assert.deepEqual(result, { exitCode: 3, stdout: 'out', stderr: 'err' })
  assert.deepEqual(it.order.slice(0, 2), ['events', 'control'])
  assert.ok(controlOpen)
  await sleep(50)
  assert.equal(it.server.sockets.size, 1, 'only the event socket is left')
})

test('an output that breaks off before its end is an error, not a short output', async () => {
  await using it = await command((sockets, tell) => {
    sockets['1']?.send(Buffer.from('half'))
    sockets['2']?.send('')
    setTimeout(() => sockets['1']?.terminate(), 20)
    setTimeout(() => tell(operation(200, { metadata: { return: 0 } })), 40)
  })
  await assert.rejects(collect(it.start), UnavailableError)
})

test('a command that the server could not start explains itself', async () => {
  await using it = await command((sockets, tell) => {
    for (const socket of Object.values(sockets)) if (socket !== sockets.events) socket.terminate()
    setTimeout(() => tell(operation(400, { err: 'Command not found' })), 50)
  })
  await assert.rejects(
    collect(it.start),
    (error) => error instanceof OperationFailedError && error.server === 'Command not found',
  )
})

test('nothing is sent on the sockets of the outputs, not even answers to pings', async () => {
  const answered: string[] = []
  await using it = await command(async (sockets, tell) => {
    for (const [name, socket] of Object.entries(sockets)) socket.on('pong', () => answered.push(name)).ping('keepalive')
    await sleep(100)
    for (const name of ['1', '2']) sockets[name]?.send('')
    tell(operation(200, { metadata: { return: 0 } }))
  })
  await collect(it.start)
  assert.deepEqual(answered.toSorted(), ['control', 'events'])
})

test('aborting sends SIGKILL and ends everything', async () => {
  const heard: string[] = []
  await using it = await command((sockets) => sockets.control?.on('message', (data) => heard.push(String(data))))
  const abort = new AbortController()
  const running = await it.start(abort.signal)
  abort.abort(new Error('enough'))
  await assert.rejects(running.done, { message: 'enough' })
  await assert.rejects(running.stdout.toArray(), { message: 'enough' })
  await sleep(50)
  assert.deepEqual(heard, ['{"command":"signal","signal":9}'])
  assert.equal(it.server.sockets.size, 1)
})
