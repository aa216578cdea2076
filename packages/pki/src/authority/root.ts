// A root that is kept elsewhere: its key and certificate on a medium that is attached to make intermediates, and a copy of
// the certificate in the authority.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { AuthorityConflictError, RootOfflineError } from '../errors.ts'
import { type Ca, completeCa, loadCa, type MakeCa } from './ca.ts'
import { privateDirectory, readIfThere, writeNew } from './storage.ts'

/**
 * The root of `elsewhere`, made there if the authority has none yet, with its certificate copied to `here`.
 * @throws {AuthorityConflictError} when the authority has another root, or the root's key is in it
 * @throws {RootOfflineError} when the authority has a root and `elsewhere` has none: it is not made anew
 */
export async function offlineRoot(here: string, elsewhere: string, make: MakeCa): Promise<Ca> {
  await privateDirectory(here)
  const keyHere = join(here, 'ca.key')
  if ((await readIfThere(keyHere)) !== undefined)
    throw new AuthorityConflictError(
      `${keyHere} is in the authority itself; to keep it elsewhere, move it and copy ca.crt to ${elsewhere}`,
    )
  const path = join(here, 'ca.crt')
  const known = await readIfThere(path)
  if (known !== undefined) await privateDirectory(elsewhere)
  const root = known === undefined ? await completeCa(elsewhere, make) : await loadCa(elsewhere)
  if (!root) throw new RootOfflineError(`there is no root in ${elsewhere}`)
  if (known === undefined) await writeNew(path, root.certificate, 'public')
  const copy = (await readIfThere(path)) ?? ''
  if (fingerprint(copy) !== fingerprint(root.certificate))
    throw new AuthorityConflictError(`the root in ${elsewhere} is not that of ${here}`)
  return root
}

function fingerprint(pem: string): string | undefined {
  try {
    return new X509Certificate(pem).fingerprint256
  } catch {
    return undefined
  }
}
