// Where the key of a store comes from: a file of mode 0600, or systemd-creds, which binds it to this machine (its TPM, or
// the host's own secret). A service that systemd gave the key as a credential reads it like a file.
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { privateDirectory, readIfThere, writeNew } from '../authority/storage.ts'
import { InvalidRequestError, SecretsDamagedError, UnsafeDirectoryError } from '../errors.ts'
import { SecretKey, secretKeyLength } from './seal.ts'

/**
 * `file`: base64 in a file of mode 0600. `credential`: a file that `systemd-creds` encrypted. Both are made when they are
 * missing, unless `make` is false.
 */
export type KeySource = ({ file: string } | { credential: string }) & { make?: boolean }

/** The name that the credential is bound to: `LoadCredentialEncrypted=anbox-pki-secrets:PATH` in a unit. */
export const credentialName = 'anbox-pki-secrets'

/** Is this machine run by systemd? Then its `systemd-creds` has a place for the host's secret. */
export function hasSystemd(): boolean {
  return existsSync('/run/systemd/system')
}

/**
 * Opens the key, or makes it.
 * @throws {UnsafeDirectoryError} when others may read the file
 * @throws {SecretsDamagedError} when it is no key, or systemd-creds does not open it (another machine, another TPM)
 * @throws {InvalidRequestError} when it is missing and is not to be made, or systemd-creds is not installed
 */
export async function openSecretKey(source: KeySource): Promise<SecretKey> {
  const path = 'file' in source ? source.file : source.credential
  const codec = 'file' in source ? plain : systemdCreds
  const found = await readIfThere(path)
  if (found !== undefined) {
    await refuseReadable(path)
    return decode(path, await codec.decode(path, found))
  }
  if (source.make === false) throw new InvalidRequestError(`${path}, the key of the secrets, is not there`)
  await privateDirectory(dirname(path))
  const text = await codec.encode(randomBytes(secretKeyLength).toString('base64'))
  await writeNew(path, text, 'secret')
  return openSecretKey({ ...source, make: false })
}

const plain = {
  encode: async (text: string) => `${text}\n`,
  decode: async (_path: string, text: string) => text,
}

const systemdCreds = {
  encode: (text: string) => run(['encrypt', `--name=${credentialName}`, '-', '-'], text),
  decode: async (path: string, text: string) => {
    try {
      return await run(['decrypt', `--name=${credentialName}`, '-', '-'], text)
    } catch (cause) {
      if (cause instanceof InvalidRequestError) throw cause
      throw new SecretsDamagedError(`systemd-creds does not open ${path}: is it from another machine?`, { cause })
    }
  },
}

function decode(path: string, text: string): SecretKey {
  const bytes = Buffer.from(text.trim(), 'base64')
  if (bytes.length !== secretKeyLength) throw new SecretsDamagedError(`${path} does not hold a key of secrets`)
  return new SecretKey(bytes)
}

async function refuseReadable(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) throw new UnsafeDirectoryError(`${path} is open to others; chmod 600 it`)
}

/** Text goes in and out by pipes: nothing of it is on the command line, and nothing of an error is repeated. */
function run(args: string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('systemd-creds', args, { timeout: 60_000 }, (error, stdout) => {
      if (!error) resolve(stdout)
      else if (error.code === 'ENOENT')
        reject(new InvalidRequestError('systemd-creds was not found; name a key file instead'))
      else reject(new Error(`systemd-creds ${args[0]} ended with ${error.code}`))
    })
    child.stdin?.on('error', () => {}).end(input)
  })
}
