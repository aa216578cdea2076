// One table of JSON documents, held in memory and written through: what `put` returned is on the disk.
// Documents are never changed in place; `change` works on the newest one, so a slow step cannot write an old copy back.

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { notNow } from '../errors.ts'

export type Document = { readonly id: string }
export type Listener<T> = (after: T | undefined, before: T | undefined) => void

export class Collection<T extends Document> {
  readonly #documents = new Map<string, T>()
  readonly #listeners = new Set<Listener<T>>()
  readonly #put: StatementSync
  readonly #delete: StatementSync

  /** @param complete gives a document that an older agent wrote the fields that came since. */
  constructor(database: DatabaseSync, table: string, complete: (document: T) => T = (document) => document) {
    database.exec(`CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT`)
    this.#put = database.prepare(
      `INSERT INTO ${table} (id, document) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET document = excluded.document`,
    )
    this.#delete = database.prepare(`DELETE FROM ${table} WHERE id = ?`)
    for (const row of database.prepare(`SELECT document FROM ${table} ORDER BY rowid`).all()) {
      const document = complete(JSON.parse(String(row.document)) as T)
      this.#documents.set(document.id, document)
    }
  }

  get(id: string): T | undefined {
    return this.#documents.get(id)
  }

  /** In the order of their creation. */
  list(): T[] {
    return [...this.#documents.values()]
  }

  put(document: T): T {
    const before = this.#documents.get(document.id)
    write(() => this.#put.run(document.id, JSON.stringify(document)))
    this.#documents.set(document.id, document)
    for (const listener of this.#listeners) listener(document, before)
    return document
  }

  /** Applies `edit` to the newest document; nothing happens when it is gone. */
  change(id: string, edit: (document: T) => T): T | undefined {
    const document = this.#documents.get(id)
    return document && this.put(edit(document))
  }

  delete(id: string): void {
    const before = this.#documents.get(id)
    if (!before) return
    write(() => this.#delete.run(id))
    this.#documents.delete(id)
    for (const listener of this.#listeners) listener(undefined, before)
  }

  /** Called after each write, in the order of the writes. @returns the function that ends it. */
  onChange(listener: Listener<T>): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** SQLite's codes for a database that cannot be written: read-only, an error of the disk, a full one. */
const unwritable: Record<number, string> = { 8: 'it is read-only', 10: 'its disk has an error', 13: 'its disk is full' }

/** @throws ApiError 503 where the disk is the reason: that passes, and what was written before is there. */
function write(work: () => unknown): void {
  try {
    work()
  } catch (error) {
    const reason = unwritable[Number((error as { errcode?: number }).errcode) & 0xff]
    throw reason ? notNow(`the agent's store cannot be written (${reason}): see to that, then ask again`) : error
  }
}
