// A client's exec sockets as streams: binary messages are data, an empty text message is the end, in both directions.
import { Writable } from 'node:stream'
import type { RawData, WebSocket } from 'ws'

const open = (socket: WebSocket) => socket.readyState === socket.OPEN

/** Output to a client, no faster than it reads. A client that is gone takes the rest, so that the command can end. */
export function toClient(socket: WebSocket): Writable {
  return new Writable({
    highWaterMark: 256 * 1024,
    write: (chunk: Buffer, _encoding, done) =>
      open(socket) ? socket.send(chunk, { binary: true }, () => done()) : done(),
    final: (done) => (open(socket) ? socket.send('', { binary: false }, () => done()) : done()),
  })
}

/**
 * Input from a client, no faster than the command reads it. The Go client ends its input by dropping the connection, so
 * going away is an end and no failure.
 */
export function fromClient(socket: WebSocket, input: Writable): void {
  const end = () => {
    if (!input.writableEnded && !input.destroyed) input.end()
  }
  input.on('error', () => {})
  input.on('drain', () => socket.resume())
  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (!isBinary) end()
    else if (input.writable && !input.write(data as Buffer)) socket.pause()
  })
  socket.on('close', end)
  if (!open(socket)) end()
  socket.resume()
}
