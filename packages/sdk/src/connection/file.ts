import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { heldErrors, type Progress, type Source } from './upload.ts'

export type FileSource = {
  stream: Source
  /** In bytes, where it is known. */
  size?: number
  /** Of a file: its name without its folder. */
  name?: string
}

/** What to send: a file by its path, which is opened when its bytes are wanted, or a stream. */
export async function fileSource(source: string | Readable, size?: number): Promise<FileSource> {
  if (typeof source !== 'string') return { stream: heldErrors(source), size }
  const { size: real } = await stat(source)
  return { stream: new FileBytes(source), size: real, name: basename(source) }
}

/** The bytes of a file, which is opened each time they are wanted. */
export class FileBytes implements AsyncIterable<Uint8Array> {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return createReadStream(this.#path, { highWaterMark: 1024 * 1024 })[Symbol.asyncIterator]()
  }
}

/** Counts for `onProgress`. */
export function counter(
  onProgress: ((progress: Progress) => void) | undefined,
  total?: number,
): ((bytes: number) => void) | undefined {
  if (!onProgress) return
  let transferred = 0
  return (bytes) => {
    transferred += bytes
    onProgress(total === undefined ? { transferred } : { transferred, total })
  }
}
