import { readFile } from 'node:fs/promises'
import { type Credential, credentialPaths, loadCredential } from '../../authority/credential.ts'
import { replaceFile, writeNew } from '../../authority/storage.ts'
import { CredentialExistsError, CredentialMissingError, InvalidRequestError } from '../../errors.ts'
import { credentialsOf } from '../issue.ts'
import type { Report } from '../report.ts'
import { type StoreOptions, withStore } from './open.ts'

type As = StoreOptions & { as: string; out?: string }
type OfferOptions = As & { to: string; file: string; expires?: number; note?: string; force?: boolean }
type AcceptOptions = As & { from: string; root: string; owner: string; name?: string; overlap?: number }

export async function offer(name: string, options: OfferOptions): Promise<Report> {
  const { to, file, expires, note, force } = options
  const signer = await credential(options)
  const certificate = await read(to, 'certificate')
  return withStore(options, async (store) => {
    const made = await store.offer(name, {
      to: certificate,
      signer,
      ...(expires === undefined ? {} : { expiresInSeconds: expires }),
      ...(note === undefined ? {} : { note }),
    })
    const { pem, ...rest } = made
    if (force) await replaceFile(file, pem, 'secret')
    else if (!(await writeNew(file, pem, 'secret')))
      throw new CredentialExistsError(`${file} is there already; --force replaces it`)
    const until = rest.expiresAt.toISOString()
    return {
      text: [`Offered "${name}" revision ${rest.revision} to ${rest.to}`, `File:  ${file}`, `Until: ${until}`],
      json: { ...rest, file },
    }
  })
}

export async function accept(file: string, options: AcceptOptions): Promise<Report> {
  const { from, owner, name, overlap } = options
  const consumer = await credential(options)
  const [pem, root] = [await read(file, 'offer'), await read(options.root, 'root')]
  return withStore(options, async (store) => {
    const accepted = await store.accept(pem, {
      ...{ consumer, root, producer: from, owner },
      ...(name === undefined ? {} : { name }),
      ...(overlap === undefined ? {} : { overlapSeconds: overlap }),
    })
    return { text: [`Accepted "${accepted.name}" from ${from}, revision ${accepted.revision} here`], json: accepted }
  })
}

async function credential({ dir, out, as }: As): Promise<Credential> {
  const directory = out ?? credentialsOf(dir)
  const found = await loadCredential(directory, as)
  if (!found)
    throw new CredentialMissingError(
      `${credentialPaths(directory, as).certificate} and its key are not there; issue it first`,
    )
  return found
}

function read(path: string, what: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new InvalidRequestError(`the ${what} cannot be read: ${cause.message}`, { cause })
  })
}
