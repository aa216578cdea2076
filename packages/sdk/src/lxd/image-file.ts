// An image on its way into a file, its SHA-256 taken as it goes by.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ServerError } from '../errors.ts'
import { parts } from './multipart.ts'

export type ExportedImage = {
  stream: Readable
  /** In bytes, where LXD says. */
  size?: number
  /** The name LXD gives the file. */
  name?: string
  /** Of a multipart: there are two tarballs in it, `metadata` and `rootfs` (or `rootfs.img`). */
  boundary?: string
}
type Saving = { fingerprint: string; signal?: AbortSignal; onChunk?: (bytes: number) => void }

/** @throws ServerError when the bytes are not those of the fingerprint; nothing is left then */
export async function saveImage(
  { stream, boundary }: ExportedImage,
  file: string,
  { fingerprint, signal, onChunk }: Saving,
): Promise<{ fingerprint: string; files: string[] }> {
  // The fingerprint of an image in two parts is that of both, one after the other.
  const hash = createHash('sha256')
  const counted = () =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        onChunk?.(chunk.length)
        done(null, chunk)
      },
    })
  const files: string[] = []
  const temporary = (name: string) => `${name}.part`
  try {
    for await (const part of boundary ? parts(stream, boundary) : [stream]) {
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
    stream.destroy()
    for (const name of files) await rm(temporary(name), { force: true })
    signal?.throwIfAborted()
    throw error
  }
}
