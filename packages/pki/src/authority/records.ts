// What an intermediate has issued: DIRECTORY/SERIAL.crt, written once. The file name keeps a serial from being used twice.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Summary, splitPem, summarize } from './certificate.ts'
import { readIfThere, writeNew } from './storage.ts'

export type IssuedRecord = { pem: string; summary: Summary }

export class Records {
  readonly #directory: string
  readonly #read = new Map<string, IssuedRecord>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Every record. Each file is read once in the life of this object. */
  async all(): Promise<IssuedRecord[]> {
    for (const file of await readdir(this.#directory)) {
      if (file.endsWith('.crt')) await this.find(file.slice(0, -4))
    }
    return [...this.#read.values()]
  }

  async find(serial: string): Promise<IssuedRecord | undefined> {
    const known = this.#read.get(serial)
    if (known) return known
    const [pem] = splitPem((await readIfThere(this.#pathOf(serial))) ?? '')
    const record = pem === undefined ? undefined : { pem, summary: summarize(pem) }
    if (record) this.#read.set(serial, record)
    return record
  }

  async ofKey(publicKey: KeyObject): Promise<IssuedRecord[]> {
    return (await this.all()).filter(({ pem }) => new X509Certificate(pem).publicKey.equals(publicKey))
  }

  /** Puts a certificate on record, and gives the record; or nothing, when the serial was taken. */
  async add(pem: string, summary: Summary): Promise<IssuedRecord | undefined> {
    if (!(await writeNew(this.#pathOf(summary.serial), pem, 'public'))) return undefined
    const record = { pem, summary }
    this.#read.set(summary.serial, record)
    return record
  }

  #pathOf(serial: string): string {
    return join(this.#directory, `${serial}.crt`)
  }
}
