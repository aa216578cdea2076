// A plain undici client: what somebody writes against the API's description without a client library. One pool of
// connections, JSON parsed, status checked; WebSockets are undici's own, operations are waited for with /wait.
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Agent, request, WebSocket } from 'undici'
import type { Target, Work } from './orders.ts'
import { count, serve, timed } from './serve.ts'

// biome-ignore lint/suspicious/noExplicitAny: this client knows no types
type Json = any

function open(target: Target): Work {
  const pem = (file: string) => readFileSync(file, 'utf8')
  const connect =
    'socketPath' in target
      ? { socketPath: target.socketPath }
      : { cert: pem(target.certificate), key: pem(target.key), ca: pem(target.ca) }
  const origin = 'url' in target ? target.url : 'http://localhost'
  const dispatcher = new Agent({ connect })

  const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: Json): Promise<Json> => {
    const answer = await request(origin + path, { method, dispatcher, body })
    const value = await answer.body.json()
    if (answer.statusCode >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`)
    return value
  }
  const wait = async ({ operation }: Json): Promise<Json> => {
    const { metadata } = await call('GET', `${operation}/wait`)
    if (metadata.status_code !== 200) throw new Error(metadata.err)
    return metadata.metadata
  }
  const file = (instance: string) => `/1.0/instances/${instance}/files?path=/tmp/bench`

  const exec = async (instance: string, command: string[], onData: (data: ArrayBuffer) => void) => {
    const extra = target.server === 'lxd' ? { 'wait-for-websocket': true } : {}
    const body = JSON.stringify({ command, interactive: false, ...extra })
    const started = await (
      await request(`${origin}/1.0/instances/${instance}/exec`, {
        method: 'POST',
        dispatcher,
        body,
        headers: { 'content-type': 'application/json' },
      })
    ).body.json()
    const { operation, metadata } = started as Json
    const ends: Promise<void>[] = []
    const sockets: WebSocket[] = []
    for (const fd of ['control', '0', '1', '2']) {
      const url = `${origin.replace('http', 'ws')}${operation}/websocket?secret=${metadata.metadata.fds[fd]}`
      const socket = new WebSocket(url, { dispatcher })
      socket.binaryType = 'arraybuffer'
      sockets.push(socket)
      if (fd === '0') socket.onopen = () => socket.send('')
      if (fd !== '1' && fd !== '2') continue
      const ended = Promise.withResolvers<void>()
      ends.push(ended.promise)
      socket.onmessage = ({ data }) => {
        if (typeof data === 'string') ended.resolve()
        else if (fd === '1') onData(data as ArrayBuffer)
      }
      socket.onclose = () => ended.resolve()
    }
    await Promise.all([...ends, wait({ operation })])
    for (const socket of sockets) socket.close()
  }

  let heard = () => {}
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/1.0/events?type=lifecycle`, { dispatcher })
      socket.binaryType = 'arraybuffer'
      socket.onopen = () => resolve()
      socket.onerror = reject
      socket.onmessage = ({ data }) => {
        JSON.parse(typeof data === 'string' ? data : new TextDecoder().decode(data as ArrayBuffer))
        heard()
      }
    })
  let listening: Promise<void> | undefined

  return {
    get: () => timed(() => call('GET', '/1.0')),
    list: () => timed(() => call('GET', '/1.0/instances?recursion=1')),
    exec: ({ instance }) => timed(() => exec(instance, ['true'], () => {})),
    output: ({ instance, command, bytes, slow }) =>
      timed(async () => {
        // undici's WebSocket cannot be told to wait, so what the reader has not taken yet is kept here.
        const queue = new Queue()
        const ended = exec(instance, command, (data) => queue.add(new Uint8Array(data))).finally(() => queue.end())
        await Promise.all([count(queue, bytes, slow), ended])
      }),
    event: async ({ instance }) => {
      listening ??= listen()
      await listening
      const event = Promise.withResolvers<void>()
      heard = event.resolve
      return await timed(async () => {
        const body = JSON.stringify({ config: { 'user.bench': String(Math.random()) } })
        await call('PATCH', `/1.0/instances/${instance}`, body)
        await event.promise
      })
    },
    push: ({ instance, file: from }) =>
      timed(() => call('POST', file(instance), createReadStream(from, { highWaterMark: 256 * 1024 }))),
    pull: ({ instance, file: to }) =>
      timed(async () => {
        const { body } = await request(origin + file(instance), { dispatcher })
        await pipeline(body, createWriteStream(to))
      }),
    import: async ({ file: from }) => {
      let fingerprint = ''
      const time = await timed(async () => {
        const body = createReadStream(from, { highWaterMark: 256 * 1024 })
        fingerprint = (await wait(await call('POST', '/1.0/images', body))).fingerprint
      })
      await wait(await call('DELETE', `/1.0/images/${fingerprint}`))
      return time
    },
  }
}

class Queue {
  readonly #waiting: Uint8Array[] = []
  #ended = false
  #wake = () => {}

  add(chunk: Uint8Array): void {
    this.#waiting.push(chunk)
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) yield next
      if (this.#ended) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

await serve(open)
