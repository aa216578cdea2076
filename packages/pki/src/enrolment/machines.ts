// The machines that enrolled, each as a chain of generations: one certificate has at most one successor.
//
//   DIRECTORY/NAME/000001.json   serial and key of the first certificate, how it came about, and what the machine may
//   DIRECTORY/NAME/000002.json   of the next one
//
// Invariants: no file is ever changed; a generation is written before its certificate is signed, with the serial in it,
// so a generation has one certificate however often it is asked for. Two successors of one certificate are asked for by
// two holders of one key only: that is how a cloned key is noticed.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { checkName } from '../authority/request.ts'
import { privateDirectory, readIfThere, writeNew } from '../authority/storage.ts'
import { AuthorityDamagedError } from '../errors.ts'
import type { Scope } from './scope.ts'

export type Generation = {
  number: number
  serial: string
  /** SHA-256 of the public key (SubjectPublicKeyInfo in DER), in lower-case hexadecimal. */
  key: string
  via: 'token' | 'renewal' | 'recovery'
  /** The id of the token, in a generation that came by one. */
  token?: string
  /** Recoveries since the last token, this one among them. */
  recoveries: number
  scope: Scope
  at: Date
}

const filePattern = /^\d{6,}\.json$/

export class MachineStore {
  readonly #directory: string

  /** @param directory made with mode 0700 when the first machine enrols */
  constructor(directory: string) {
    this.#directory = directory
  }

  async names(): Promise<string[]> {
    return (await this.#entries(this.#directory)).sort()
  }

  /** The last generation of a machine, or nothing if there is no such machine. */
  async latest(name: string): Promise<Generation | undefined> {
    return this.generation(name, (await this.#numbers(name)).at(-1) ?? 0)
  }

  async generation(name: string, number: number): Promise<Generation | undefined> {
    const path = this.#path(name, number)
    const text = await readIfThere(path)
    if (text === undefined) return undefined
    try {
      return JSON.parse(text, (key, value) => (key === 'at' ? new Date(value as string) : value)) as Generation
    } catch (cause) {
      throw new AuthorityDamagedError(`${path} is damaged; restore it from a backup`, { cause })
    }
  }

  /** The generation whose certificate has this serial: mostly the last one or the one before it. */
  async withSerial(name: string, serial: string): Promise<Generation | undefined> {
    for (const number of (await this.#numbers(name)).reverse()) {
      const found = await this.generation(name, number)
      if (found?.serial === serial) return found
    }
    return undefined
  }

  /** Writes a generation, unless its number is taken: gives the one that stands there. */
  async append(generation: Generation): Promise<Generation> {
    const { number, scope } = generation
    await privateDirectory(join(this.#directory, scope.name))
    const path = this.#path(scope.name, number)
    if (await writeNew(path, `${JSON.stringify(generation)}\n`, 'secret')) return generation
    return (await this.generation(scope.name, number)) ?? generation
  }

  async #numbers(name: string): Promise<number[]> {
    checkName(name)
    const files = (await this.#entries(join(this.#directory, name))).filter((file) => filePattern.test(file))
    return files.map((file) => Number.parseInt(file, 10)).sort((a, b) => a - b)
  }

  async #entries(directory: string): Promise<string[]> {
    return readdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
  }

  #path(name: string, number: number): string {
    return join(this.#directory, name, `${String(number).padStart(6, '0')}.json`)
  }
}
