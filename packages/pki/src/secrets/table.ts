// The file of a store: SQLite, for its locks between processes and its atomic writes. It sees sealed bytes and names only.
// Every commit is on the disk before it returns; freed pages are overwritten with zeros.
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import type { DatabaseSync } from 'node:sqlite'
import { InvalidRequestError } from '../errors.ts'

export type Row = { name: string; generation: number; sealed: Uint8Array }

const busyMs = 10_000

export class Table {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  static async open(path: string): Promise<Table> {
    // SQLite would make the file readable by all; its journal takes the mode of the file.
    await (await open(path, 'a', 0o600)).close()
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(path, { timeout: busyMs })
    database.exec(`PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA secure_delete = ON;
      PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;
      CREATE TABLE IF NOT EXISTS sealed (kind TEXT, name TEXT, generation INTEGER NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID`)
    return new Table(database)
  }

  /** All or nothing, and one process at a time. The body must not wait for anything. */
  transaction<Result>(body: () => Result): Result {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const result = body()
      if (result instanceof Promise) throw new InvalidRequestError('a transaction cannot wait')
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  get(kind: string, name: string): Row | undefined {
    const row = this.#database
      .prepare('SELECT name, generation, sealed FROM sealed WHERE kind = ? AND name = ?')
      .get(kind, name)
    return row as Row | undefined
  }

  all(kind: string): Row[] {
    return this.#database
      .prepare('SELECT name, generation, sealed FROM sealed WHERE kind = ? ORDER BY name')
      .all(kind) as Row[]
  }

  put(kind: string, { name, generation, sealed }: Row): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO sealed (kind, name, generation, sealed) VALUES (?, ?, ?, ?)')
      .run(kind, name, generation, sealed)
  }

  delete(kind: string, name: string): boolean {
    return this.#database.prepare('DELETE FROM sealed WHERE kind = ? AND name = ?').run(kind, name).changes > 0
  }

  close(): void {
    this.#database.close()
  }
}

/** Does the work, a copy of the file say, while nobody changes it. There need not be a file. */
export async function whileUnchanged<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  if (!existsSync(path)) return work()
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(path, { timeout: busyMs })
  try {
    database.exec('BEGIN IMMEDIATE')
    return await work()
  } finally {
    database.close()
  }
}
