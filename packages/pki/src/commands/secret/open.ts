// The store that the options name. It lies in the directory of an authority, which need not be there.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openAuthority } from '../../authority/authority.ts'
import { credentialName, hasSystemd, type KeySource } from '../../secrets/key.ts'
import { openSecretStore, type SecretChange, type SecretStore } from '../../secrets/store.ts'

export type StoreOptions = { dir: string; keyFile?: string; keyCredential?: string }

/** Opens the store, and closes it when the body is done. What was changed goes into the audit log, where there is one. */
export async function withStore<Result>(
  options: StoreOptions,
  body: (store: SecretStore) => Result | Promise<Result>,
): Promise<Result> {
  const changes: SecretChange[] = []
  const onChange = (change: SecretChange) => changes.push(change)
  const store = await openSecretStore(directoryOf(options), { key: keyOf(options), onChange })
  try {
    return await body(store)
  } finally {
    store.close()
    await note(options.dir, changes)
  }
}

/** A directory with secrets need not hold an authority. */
async function note(dir: string, changes: SecretChange[]): Promise<void> {
  if (changes.length === 0 || !existsSync(join(dir, 'authority.json'))) return
  const { audit } = await openAuthority(dir)
  for (const change of changes) await audit.append(change)
}

/** What is named; what systemd gave this service; what is there; what this machine can have. */
function keyOf({ keyFile, keyCredential, dir }: StoreOptions): KeySource {
  if (keyFile !== undefined) return { file: keyFile }
  if (keyCredential !== undefined) return { credential: keyCredential }
  const given = process.env.CREDENTIALS_DIRECTORY
  if (given && existsSync(join(given, credentialName))) return { file: join(given, credentialName), make: false }
  const [file, credential] = ['key', 'key.cred'].map((name) => join(directoryOf({ dir }), name)) as [string, string]
  if (existsSync(credential) || (hasSystemd() && !existsSync(file))) return { credential }
  return { file }
}

function directoryOf({ dir }: StoreOptions): string {
  return join(dir, 'secrets')
}
