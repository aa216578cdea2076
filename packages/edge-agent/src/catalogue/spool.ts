// Uploads on their way in: written to the state directory while their SHA-256 is taken. Nothing here outlives the agent.
import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { badRequest, notNow } from '../errors.ts'

/** `fingerprint` is the hex SHA-256 of the file, `size` its bytes. */
export type Spooled = { path: string; fingerprint: string; size: number }

export class Spool {
  readonly #directory: string

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'spool')
    rmSync(this.#directory, { recursive: true, force: true })
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
  }

  /** Throws an upload away that is not wanted after all. */
  drop({ path }: Spooled): void {
    rmSync(path, { force: true })
  }

  /** A path for a file that is still to be written. */
  path(): string {
    return join(this.#directory, randomBytes(8).toString('hex'))
  }

  /**
   * Takes an upload to its end, even when it is refused: a client that still sends would not see the answer.
   * @param refusal what is wrong with a file that begins with these six bytes, if anything.
   * @throws ApiError 400, and 503 when the disk is full; then nothing is left.
   */
  async receive(
    body: Readable,
    fingerprint: string | undefined,
    refusal: (head: Buffer) => string | undefined,
    signal: AbortSignal,
  ): Promise<Spooled> {
    const path = this.path()
    const hash = createHash('sha256')
    let size = 0
    let head = Buffer.alloc(0)
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        size += chunk.length
        if (head.length < 6) head = Buffer.concat([head, chunk.subarray(0, 6)])
        done(null, chunk)
      },
    })
    try {
      await pipeline(body, measure, createWriteStream(path, { mode: 0o600 }), { signal })
      const found = hash.digest('hex')
      if (size === 0) throw badRequest('the upload is empty: send the file as the body')
      const refused = refusal(head)
      if (refused) throw badRequest(refused)
      if (fingerprint && fingerprint.toLowerCase() !== found)
        throw badRequest(
          `the upload's SHA-256 is ${found}, not ${fingerprint} as X-AMS-Fingerprint says: it was damaged on its way`,
        )
      return { path, fingerprint: found, size }
    } catch (error) {
      rmSync(path, { force: true })
      throw fullDisk(error, this.#directory)
    }
  }
}

/** A full disk is no mistake of the client's, and goes away. */
export function fullDisk(error: unknown, where: string): unknown {
  return (error as NodeJS.ErrnoException).code === 'ENOSPC'
    ? notNow(`the disk of ${where} is full: free some space there and upload again`)
    : error
}
