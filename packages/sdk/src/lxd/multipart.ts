// The parts of a multipart answer (RFC 2046) as streams, one after the other, nothing held but a line's length.
import type { Readable } from 'node:stream'
import { ServerError } from '../errors.ts'

const mostHeaderBytes = 16_384

/** Yields the content of each part; one has to be read to its end before the next one is asked for. */
export async function* parts(stream: Readable, boundary: string): AsyncGenerator<AsyncIterable<Buffer>> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const mark = Buffer.from(`\r\n--${boundary}`)
  // The first boundary may stand at the very beginning.
  let held: Buffer = Buffer.from('\r\n')
  const more = async () => {
    const { value, done } = await chunks.next()
    if (done) throw new ServerError('the answer broke off before its last part ended')
    held = held.length === 0 ? value : Buffer.concat([held, value])
  }
  async function* untilMark(): AsyncGenerator<Buffer> {
    for (;;) {
      const at = held.indexOf(mark)
      if (at >= 0) {
        if (at > 0) yield held.subarray(0, at)
        held = held.subarray(at + mark.length)
        return
      }
      const sure = held.length - mark.length + 1
      if (sure > 0) {
        yield held.subarray(0, sure)
        held = held.subarray(sure)
      }
      await more()
    }
  }
  for await (const _ of untilMark());
  for (;;) {
    while (held.length < 2) await more()
    if (held.subarray(0, 2).toString() === '--') break
    for (let end = held.indexOf('\r\n\r\n'); ; end = held.indexOf('\r\n\r\n')) {
      if (end >= 0) {
        // The empty line may be that of a part without headers; its mark's own line break is the first of the two.
        held = held.subarray(end + 4)
        break
      }
      if (held.length > mostHeaderBytes) throw new ServerError('the headers of a part have no end')
      await more()
    }
    yield untilMark()
  }
  // What comes after the last boundary means nothing, but has to be read.
  for (let next = await chunks.next(); !next.done; next = await chunks.next());
}
