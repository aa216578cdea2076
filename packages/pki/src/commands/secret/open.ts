// The store that the options name. It lies in the directory of an authority, which need not be there.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { credentialName, hasSystemd, type KeySource } from '../../secrets/key.ts'
import { openSecretStore, type SecretStore } from '../../secrets/store.ts'

export type StoreOptions = { dir: string; keyFile?: string; keyCredential?: string }

/** Opens the store, and closes it when the body is done. */
export async function withStore<Result>(
  options: StoreOptions,
  body: (store: SecretStore) => Result | Promise<Result>,
): Promise<Result> {
  const store = await openSecretStore(directoryOf(options), { key: keyOf(options) })
  try {
    return await body(store)
  } finally {
    store.close()
  }
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
