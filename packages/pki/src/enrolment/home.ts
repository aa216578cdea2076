// A machine's own directory:
//
//   DIRECTORY/pending.key          the key that a certificate is asked for; in use by nobody yet
//   DIRECTORY/certificates/SERIAL/ NAME.key, NAME.crt, ca.crt, and enrolment.json: where and when to renew
//   DIRECTORY/current              a link to the last of them
//
// Invariants: the key is on the disk before it is asked for; key, certificate and the rest change in one step, which is the
// link's; until then the last ones are whole. So a machine that is cut off anywhere asks again with the same key.
import { X509Certificate } from 'node:crypto'
import { readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { splitPem } from '../authority/certificate.ts'
import {
  type Credential,
  type CredentialPaths,
  credentialPaths,
  loadCredential,
  saveCredential,
} from '../authority/credential.ts'
import { type KeyType, keyFromPem, keyToPem, makeKey } from '../authority/key.ts'
import {
  privateDirectory,
  readIfThere,
  replaceFile,
  sweepTemporary,
  syncDirectory,
  writeNew,
} from '../authority/storage.ts'

export type Enrolment = {
  credential: Credential
  /** Through the link: what is read there is the last credential. */
  paths: CredentialPaths
  /** The server that renews it. */
  url: string
  /** From when on it should be renewed: between 50 and 67 % of its life, so that not all machines come at once. */
  renewAt: Date
  /** The id of the token that it came by, if it came by one. */
  token?: string
}

/** What the files of a machine are called unless said. */
export const usualName = 'machine'

export class Home {
  readonly #directory: string
  readonly #name: string

  constructor(directory: string, name: string = usualName) {
    this.#directory = directory
    this.#name = name
    credentialPaths(directory, name)
  }

  /** Makes what is missing, and removes what was left behind by who was cut off. */
  async prepare(): Promise<void> {
    await privateDirectory(this.#certificates)
    await privateDirectory(this.#directory)
    await sweepTemporary(this.#directory)
    await rm(this.#newLink, { force: true })
    const enrolment = await this.load()
    const pending = await readIfThere(this.#pending)
    if (enrolment && pending === enrolment.credential.key) await rm(this.#pending, { force: true })
  }

  /** What the machine has now, also when it has ended; nothing if it never enrolled. */
  async load(): Promise<Enrolment | undefined> {
    // Once more when the link was changed, and what it led to removed, in the middle.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const target = await readlink(this.#current).catch(() => undefined)
      if (target === undefined) return undefined
      const directory = join(this.#certificates, basename(target))
      const credential = await loadCredential(directory, this.#name)
      const text = await readIfThere(join(directory, 'enrolment.json'))
      if (!credential || text === undefined) continue
      const { url, renewAt, token } = JSON.parse(text) as { url: string; renewAt: string; token?: string }
      return { credential, paths: this.#paths, url, renewAt: new Date(renewAt), ...(token !== undefined && { token }) }
    }
    return undefined
  }

  /** The key to ask with: the one that was asked with before, or a new one. */
  async pendingKey(make: { type: KeyType; onKey?: ((type: KeyType) => void) | undefined }): Promise<string> {
    const there = await readIfThere(this.#pending)
    if (there !== undefined && readable(there)) return there
    if (there !== undefined) await rm(this.#pending)
    make.onKey?.(make.type)
    const pem = keyToPem(await makeKey(make.type))
    if (await writeNew(this.#pending, pem, 'secret')) return pem
    return (await readIfThere(this.#pending)) ?? pem
  }

  /** Puts a credential in place of the last one, in one step. */
  async adopt(credential: Credential, url: string, token?: string): Promise<Enrolment> {
    const directory = join(this.#certificates, credential.serial)
    await saveCredential(directory, this.#name, credential)
    const renewAt = renewalOf(credential)
    await replaceFile(
      join(directory, 'enrolment.json'),
      `${JSON.stringify({ version: 1, url, renewAt, token })}\n`,
      'public',
    )
    const before = await readlink(this.#current).catch(() => undefined)
    await rm(this.#newLink, { force: true })
    await symlink(join('certificates', credential.serial), this.#newLink)
    await rename(this.#newLink, this.#current)
    await syncDirectory(this.#directory)
    await rm(this.#pending, { force: true })
    // The one before stays: somebody may be reading it.
    const kept = [credential.serial, before && basename(before)]
    for (const name of await readdir(this.#certificates))
      if (!kept.includes(name)) await rm(join(this.#certificates, name), { recursive: true, force: true })
    return { credential, paths: this.#paths, url, renewAt, ...(token !== undefined && { token }) }
  }

  get #paths(): CredentialPaths {
    return credentialPaths(this.#current, this.#name)
  }
  get #current(): string {
    return join(this.#directory, 'current')
  }
  get #newLink(): string {
    return join(this.#directory, 'current.new')
  }
  get #pending(): string {
    return join(this.#directory, 'pending.key')
  }
  get #certificates(): string {
    return join(this.#directory, 'certificates')
  }
}

function renewalOf({ certificate, notAfter }: Credential): Date {
  const [leaf = ''] = splitPem(certificate)
  // It began in the past for clocks that are behind; its life is what is left of it.
  const start = Math.max(Date.now(), new X509Certificate(leaf).validFromDate.getTime())
  return new Date(start + (notAfter.getTime() - start) * (0.5 + Math.random() * 0.17))
}

function readable(pem: string): boolean {
  try {
    keyFromPem(pem)
    return true
  } catch {
    return false
  }
}
