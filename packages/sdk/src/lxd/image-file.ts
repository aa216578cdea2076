// An image on its way into a file, its SHA-256 taken as it goes by.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ServerError } from '../errors.ts'

export type ExportedImage = {
  stream: Readable
  /** In bytes, where LXD says. */
  size?: number
  /** The name LXD gives the file. */
  name?: string
  /** Of a multipart: there are two tarballs in it, `metadata` and `rootfs` (or `rootfs.img`). */
  boundary?: string
}
type Saving = {
  fingerprint: string
  /** In bytes, where it is known: more is not taken. */
  size?: number
  signal?: AbortSignal
  onChunk?: (bytes: number) => void
}

/**
 * Saves an image of one or two pieces.
 *
 * @throws ServerError when the bytes are not those of the fingerprint; nothing is left then
 */
export async function saveImage(
  pieces: Iterable<AsyncIterable<Buffer>> | AsyncIterable<AsyncIterable<Buffer>>,
  file: string,
  { fingerprint, size = Number.POSITIVE_INFINITY, signal, onChunk }: Saving,
): Promise<{ fingerprint: string; files: string[] }> {
  // The fingerprint of an image in two parts is that of both, one after the other.
  const hash = createHash('sha256')
  let taken = 0
  const counted = () =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        taken += chunk.length
        if (taken > size) return done(new ServerError(`the image is longer than the ${size} bytes that were announced`))
        hash.update(chunk)
        onChunk?.(chunk.length)
        done(null, chunk)
      },
    })
  const files: string[] = []
  const temporary = (name: string) => `${name}.part`
  try {
    for await (const part of pieces) {
      const name = files.length === 0 ? file : `${file}.root`
      files.push(name)
      await pipeline(part, counted(), createWriteStream(temporary(name), { mode: 0o600 }), { signal })
    }
    const found = hash.digest('hex')
    if (!found.startsWith(fingerprint.toLowerCase()))
      throw new ServerError(`the image is damaged: its SHA-256 is ${found}, not ${fingerprint}; nothing was kept`)
    for (const name of files) await rename(temporary(name), name)
    return { fingerprint: found, files }
  } catch (error) {
    for (const name of files) await rm(temporary(name), { force: true })
    signal?.throwIfAborted()
    throw error
  }
}
