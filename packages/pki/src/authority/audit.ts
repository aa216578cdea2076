// DIRECTORY/audit.log: what was done, one line of JSON each. A line holds the SHA-256 of the line before and a signature, and
// audit.seal says, signed, where the log ends: a line that was changed, removed, added or moved is noticed, also the last.
//
// Invariants: what `append` has answered for is on the disk and sealed; a line is never changed. Of what a killed writer left
// behind the sealed end, whole lines with a good signature are kept; the rest is cut off, and that is noted in the log.
//
// Who has the directory has the key too. Against them, and against old copies put back, keep the last hash elsewhere and give
// it to `verify` as `known`.
import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { AuditDamagedError, InvalidRequestError } from '../errors.ts'
import { type AuditEntry, type AuditRecord, advance, type Position, readLine, start, writeLine } from './audit-line.ts'
import { type AuditKeys, beginSeal, readAuditKeys, readSeal, writeSeal } from './audit-seal.ts'
import { exclusively } from './lock.ts'
import { purposes } from './profile.ts'
import { syncDirectory } from './storage.ts'

export type AuditVerdict = {
  ok: boolean
  lines: number
  /** SHA-256 of the last line, in hexadecimal: worth keeping elsewhere. */
  hash: string
  /** What is wrong, in words; at most a hundred of them. */
  problems: string[]
}

type Waiting = { entry: AuditEntry; done: () => void; failed: (error: unknown) => void }

const reserved = ['line', 'at', 'by', 'previous', 'signature']
const mostProblems = 100

export class AuditLog {
  readonly #directory: string
  #waiting: Waiting[] = []

  constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * Adds a line; when this returns it cannot be lost. Lines that are added at once share the disk's time.
   * @throws {AuditDamagedError} when the log or its seal is not what it was: then nothing is added
   * @throws {AuthorityBusyError} when another process keeps the lock for 30 seconds
   */
  async append(entry: AuditEntry): Promise<void> {
    const wrong = reserved.find((name) => name in entry)
    if (wrong) throw new InvalidRequestError(`"${wrong}" is a field that the audit log sets itself`)
    if (/PRIVATE KEY/.test(JSON.stringify(entry)))
      throw new InvalidRequestError('a secret cannot go into the audit log')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ entry, done: resolve, failed: reject })
    if (this.#waiting.length === 1) void this.#flush()
    return promise
  }

  /** Every record, the oldest first. What is not a record of this log is left out: `verify` names it. */
  async *entries(): AsyncGenerator<AuditRecord> {
    const keys = await readAuditKeys(this.#directory)
    if (!keys) return
    let position = start
    for await (const line of lines(this.#path)) {
      const record = readLine(line, position, keys.public)
      position = advance(position, line)
      if (typeof record !== 'string') yield record
    }
  }

  /**
   * Reads the whole log.
   * @param known the hash of a line that must be in it
   */
  async verify({ known }: { known?: string } = {}): Promise<AuditVerdict> {
    const verdict = (ok: boolean, { lines, hash }: Position, problems: string[]) => ({ ok, lines, hash, problems })
    let keys: AuditKeys | undefined
    let seal: Position
    let size: number
    try {
      // Under the lock nothing is half written, unless its writer was killed.
      ;[keys, seal, size] = await exclusively(this.#directory, async () => {
        const keys = await readAuditKeys(this.#directory)
        if (!keys) throw new AuditDamagedError(`${join(this.#directory, 'audit.key')} is missing`)
        const size = await stat(this.#path).then(
          (found) => found.size,
          () => 0,
        )
        return [keys, await readSeal(this.#directory, keys), size]
      })
    } catch (error) {
      if (error instanceof AuditDamagedError) return verdict(false, start, [error.message])
      throw error
    }
    const problems: string[] = []
    const say = (problem: string) => problems.length < mostProblems && problems.push(problem)
    let position = start
    let found = known === undefined
    for await (const line of lines(this.#path, size)) {
      const record = readLine(line, position, keys.public)
      if (typeof record === 'string') say(`line ${position.lines + 1} ${record}`)
      position = advance(position, line)
      found ||= position.hash === known
      if (position.lines === seal.lines && (position.bytes !== seal.bytes || position.hash !== seal.hash))
        say(`line ${position.lines} is not the one that was sealed as the last`)
    }
    if (position.lines < seal.lines) say(`${seal.lines - position.lines} of ${seal.lines} lines are missing at the end`)
    if (!found) say('the line that is known from elsewhere is not in it')
    return verdict(problems.length === 0, position, problems)
  }

  async #flush(): Promise<void> {
    let batch: Waiting[] = []
    try {
      await exclusively(this.#directory, async () => {
        batch = this.#waiting
        this.#waiting = []
        await this.#write(batch.map(({ entry }) => entry))
      })
      for (const { done } of batch) done()
    } catch (error) {
      if (batch.length === 0) [batch, this.#waiting] = [this.#waiting, []]
      for (const { failed } of batch) failed(error)
    }
  }

  async #write(entries: AuditEntry[]): Promise<void> {
    const keys = await this.#open()
    const sealed = await readSeal(this.#directory, keys)
    const file = await open(this.#path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600)
    try {
      const { position: end, note } = await recover(file, sealed, keys, this.#path)
      const first = end.lines === 0 ? [await beginning(this.#directory)] : []
      const by = userInfo().username
      let position = end
      let text = ''
      for (const entry of [...first, ...note, ...entries]) {
        const line = writeLine(entry, by, position, keys.private)
        position = advance(position, line)
        text += `${line}\n`
      }
      await file.appendFile(text)
      await file.sync()
      if (sealed.lines === 0) await syncDirectory(this.#directory)
      await writeSeal(this.#directory, position, keys)
    } finally {
      await file.close()
    }
  }

  /** The keys; of a log that was never begun, new ones. Nothing is made anew in place of what was lost. */
  async #open(): Promise<AuditKeys> {
    const keys = await readAuditKeys(this.#directory)
    const paths = [this.#path, join(this.#directory, 'audit.seal')]
    const there = await Promise.all(paths.map((path) => stat(path).then(Boolean, () => false)))
    if (!there.includes(true)) return beginSeal(this.#directory)
    if (!keys) throw new AuditDamagedError(`${join(this.#directory, 'audit.key')} is missing; restore it from a backup`)
    return keys
  }

  get #path(): string {
    return join(this.#directory, 'audit.log')
  }
}

/** Where the log really ends, after what a killed writer left of a line was cut off; and what to say about that. */
async function recover(
  file: FileHandle,
  sealed: Position,
  keys: AuditKeys,
  path: string,
): Promise<{ position: Position; note: AuditEntry[] }> {
  const { size } = await file.stat()
  if (size < sealed.bytes)
    throw new AuditDamagedError(`${path} ends before its sealed end: lines were removed; restore it from a backup`)
  let position = sealed
  if (size === sealed.bytes) return { position, note: [] }
  const rest = Buffer.alloc(size - sealed.bytes)
  await file.read(rest, 0, rest.length, sealed.bytes)
  for (const line of rest.toString('utf8').split('\n').slice(0, -1)) {
    if (typeof readLine(line, position, keys.public) === 'string') break
    position = advance(position, line)
  }
  if (position.bytes === size) return { position, note: [] }
  const cut = rest.subarray(position.bytes - sealed.bytes)
  await file.truncate(position.bytes)
  const details = { bytes: cut.length, sha256: createHash('sha256').update(cut).digest('hex') }
  return { position, note: [{ action: 'repair', subject: 'audit.log', ...details }] }
}

/** The first line names what was issued before there was a log. */
async function beginning(directory: string): Promise<AuditEntry> {
  const issued = await Promise.all(
    purposes.map((purpose) => readdir(join(directory, purpose, 'issued')).catch((): string[] => [])),
  )
  const serials = issued.flat().filter((name) => name.endsWith('.crt'))
  return { action: 'begin', subject: 'audit.log', issued: serials.map((name) => name.slice(0, -4)) }
}

/** The whole lines of the first `size` bytes. */
async function* lines(path: string, size = Number.POSITIVE_INFINITY): AsyncGenerator<string> {
  if (size === 0) return
  let rest = Buffer.alloc(0)
  try {
    for await (const chunk of createReadStream(path, { end: size - 1 })) {
      rest = Buffer.concat([rest, chunk as Buffer])
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        yield rest.subarray(0, end).toString('utf8')
        rest = rest.subarray(end + 1)
      }
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
