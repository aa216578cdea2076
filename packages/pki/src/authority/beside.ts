// The intermediates of a purpose beside the one that signs: their leaves are about, so somebody has to say which of them
// were revoked, and only they can.
//
// While one is changed both are there. Afterwards the old one lies in DIRECTORY/retired/PURPOSE-ID, and so does a new one
// that was given up after machines had got certificates of it.
import { X509Certificate } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ca } from './ca.ts'
import { splitPem } from './certificate.ts'
import type { Purpose } from './profile.ts'
import { readIfThere } from './storage.ts'
import { loadChanged, type Trust } from './trust.ts'

/** An intermediate that can sign its list. `retired`: it signs nothing else any more. */
export type Beside = Required<Pick<Ca, 'certificate' | 'key'>> & { retired: boolean }

/** Those that a root in `anchors` has signed, and whose key is not that of `signer`. */
export async function loadBeside(
  directory: string,
  purpose: Purpose,
  { trust, signer, anchors }: { trust: Trust | undefined; signer: string; anchors: string },
): Promise<Beside[]> {
  const files = trust?.beside?.[purpose]
  const candidates = files ? [{ ...(await loadChanged(directory, files)), retired: false }] : []
  for (const place of await retiredOf(directory, purpose)) {
    // A new certificate for the same key leaves no key behind.
    if ((await readIfThere(join(directory, place, 'ca.key'))) === undefined) continue
    const ca = await loadChanged(directory, { key: join(place, 'ca.key'), chain: [join(place, 'ca.crt')] })
    candidates.push({ ...ca, retired: true })
  }
  const roots = splitPem(anchors).map((pem) => new X509Certificate(pem))
  const taken = [new X509Certificate(signer)]
  const found: Beside[] = []
  for (const { certificate, key, retired } of candidates) {
    const read = new X509Certificate(certificate)
    // While the old one is put away its files are changed one by one: then it is found in the other place.
    if (!key || !read.checkPrivateKey(key) || taken.some((one) => one.publicKey.equals(read.publicKey))) continue
    if (!roots.some((root) => read.checkIssued(root) && read.verify(root.publicKey))) continue
    taken.push(read)
    found.push({ certificate, key, retired })
  }
  return found
}

/** The directories of what was retired of a purpose, relative to the authority's. */
export async function retiredOf(directory: string, purpose: Purpose | 'root'): Promise<string[]> {
  const names = await readdir(join(directory, 'retired')).catch((): string[] => [])
  return names.filter((name) => name.startsWith(`${purpose}-`)).map((name) => join('retired', name))
}
