// Records as they lie on the disk: each sealed under its name and its generation, which rises with every change.
import { SecretsDamagedError } from '../errors.ts'
import type { SecretRecord } from './record.ts'
import type { SecretKey } from './seal.ts'
import { type Row, Table } from './table.ts'

const secrets = 'secret'
const accepted = 'accepted'
const check = { kind: 'check', name: 'key', generation: 1 }

export class Vault {
  readonly #table: Table
  readonly #key: SecretKey

  private constructor(table: Table, key: SecretKey) {
    this.#table = table
    this.#key = key
  }

  /** @throws {SecretsDamagedError} when the file was made with another key */
  static async open(path: string, key: SecretKey): Promise<Vault> {
    const table = await Table.open(path)
    const vault = new Vault(table, key)
    try {
      // Written once: a wrong key is noticed before anything is sealed with it.
      const { kind, name, generation } = check
      const found = vault.transaction(() => {
        const row = table.get(kind, name)
        if (!row) table.put(kind, { name, generation, sealed: key.seal(label(kind, name, generation), '') })
        return row
      })
      if (found) key.unseal(label(kind, name, generation), found.sealed)
      return vault
    } catch (cause) {
      table.close()
      if (!(cause instanceof SecretsDamagedError)) throw cause
      throw new SecretsDamagedError(`${path} was made with another key, or is damaged`, { cause })
    }
  }

  transaction<Result>(body: () => Result): Result {
    return this.#table.transaction(body)
  }

  read(name: string): SecretRecord | undefined {
    const row = this.#table.get(secrets, name)
    return row && this.#open(row)
  }

  list(): SecretRecord[] {
    return this.#table.all(secrets).map((row) => this.#open(row))
  }

  write(record: SecretRecord): void {
    this.#put(secrets, record.name, JSON.stringify(record))
  }

  remove(name: string): boolean {
    return this.#table.delete(secrets, name)
  }

  /** When an offer was accepted, and as what. */
  acceptedOffer(id: string): string | undefined {
    const row = this.#table.get(accepted, id)
    return row && this.#key.unseal(label(accepted, id, row.generation), row.sealed)
  }

  noteAccepted(id: string, what: string): void {
    this.#put(accepted, id, what)
  }

  close(): void {
    this.#table.close()
  }

  #put(kind: string, name: string, text: string): void {
    const generation = (this.#table.get(kind, name)?.generation ?? 0) + 1
    this.#table.put(kind, { name, generation, sealed: this.#key.seal(label(kind, name, generation), text) })
  }

  #open({ name, generation, sealed }: Row): SecretRecord {
    const text = this.#key.unseal(label(secrets, name, generation), sealed)
    const record = JSON.parse(text) as SecretRecord
    if (record.version !== 1 || record.name !== name)
      throw new SecretsDamagedError(`"${name}" is no secret (version 1)`)
    return record
  }
}

function label(kind: string, name: string, generation: number): string {
  return `anbox-pki ${kind} "${name}" generation ${generation}`
}
