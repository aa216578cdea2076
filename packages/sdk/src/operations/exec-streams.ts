// The sockets of an exec as streams. Data travels in binary messages; an empty text message ends a direction. LXD drops
// the connection right after it without a close frame, which `ws` reports as 1006 and which is then no failure.
import { Duplex, Readable, Writable } from 'node:stream'
import WebSocket from 'ws'
import { UnavailableError } from '../errors.ts'

/** The end of what the server sends over one socket: reached, or broken off. */
export type Ended = Promise<void>

/** Bytes that a stream holds before its socket is stopped. */
const held = 256 * 1024

function receive(socket: WebSocket, stream: Readable, name: string): Ended {
  const ended = new Promise<void>((resolve, reject) => {
    let over = false
    const finish = () => {
      if (over) return
      over = true
      if (!stream.destroyed) stream.push(null)
      resolve()
    }
    socket.on('message', (data: Buffer, binary: boolean) => {
      if (over) return
      if (!binary) return finish()
      if (stream.destroyed) return // The caller wants no more; the command goes on.
      if (!stream.push(data)) socket.pause()
    })
    socket.once('close', (code: number) => {
      if (over) return
      if (code !== 1006) return finish()
      over = true
      const error = new UnavailableError(`the connection broke off before the end of ${name}`, { code: 'unavailable' })
      stream.destroy(error)
      reject(error)
    })
  })
  // Whoever waits for the exec hears of it; nobody has to.
  ended.catch(() => {})
  stream.on('error', () => {})
  return ended
}

export function outputStream(socket: WebSocket, name: string): { stream: Readable; ended: Ended } {
  const stream = new Readable({
    highWaterMark: held,
    read: () => socket.resume(),
    destroy: (error, done) => {
      // Unread output must not keep the command from ending.
      socket.resume()
      done(error)
    },
  })
  return { stream, ended: receive(socket, stream, name) }
}

function send(socket: WebSocket, chunk: Buffer, done: (error?: Error | null) => void): void {
  // A command may end without reading its input, as in a shell pipe: how it ended is told elsewhere.
  if (socket.readyState === WebSocket.OPEN) socket.send(chunk, { binary: true }, () => done())
  else done()
}

function sendEnd(socket: WebSocket, done: () => void): void {
  if (socket.readyState === WebSocket.OPEN) socket.send('', { binary: false }, () => done())
  else done()
}

export function inputStream(socket: WebSocket): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => send(socket, chunk, done),
    final: (done) => sendEnd(socket, done),
  })
}

export function terminalStream(socket: WebSocket): { stream: Duplex; ended: Ended } {
  const stream = new Duplex({
    readableHighWaterMark: held,
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, done) => send(socket, chunk, done),
    final: (done) => sendEnd(socket, done),
    destroy: (error, done) => {
      socket.resume()
      done(error)
    },
  })
  const ended = receive(socket, stream, 'the terminal')
  // LXD holds the operation open until both directions of a terminal have ended.
  ended.then(
    () => sendEnd(socket, () => {}),
    () => {},
  )
  return { stream, ended }
}
