import { X509Certificate } from 'node:crypto'
import { fingerprintOf } from '../authority/certificate.ts'
import { createAuthority } from '../authority/create.ts'
import { checkPurpose } from '../authority/profile.ts'
import { checkKeyType } from '../authority/request.ts'
import { readSettings } from '../authority/settings.ts'
import type { Report } from './report.ts'
import { noteKey } from './report.ts'

export type InitOptions = { dir: string; name?: string; key?: string; purpose: string[]; rootDir?: string }

export async function init({ dir, name, key, purpose, rootDir }: InitOptions): Promise<Report> {
  const before = await readSettings(dir)
  let made = 0
  const authority = await createAuthority(dir, {
    ...(name === undefined ? {} : { name }),
    ...(key === undefined ? {} : { key: checkKeyType(key) }),
    ...(purpose.length === 0 ? {} : { purposes: purpose.map(checkPurpose) }),
    ...(rootDir === undefined ? {} : { rootDirectory: rootDir }),
    onKey: (ca, type) => {
      made += 1
      noteKey(ca === 'root' ? 'the root' : `the ${ca} intermediate`, type)
    },
  })
  const root = new X509Certificate(authority.rootCertificate)
  const state = before === undefined ? 'created' : made > 0 ? 'completed' : 'exists'
  const said = { created: 'Created', completed: 'Completed', exists: 'There is already' }[state]
  return {
    text: [
      `${said} the authority "${authority.name}" (${authority.keyType}) in ${dir}`,
      `Root SHA-256: ${fingerprintOf(root)}`,
      `Root ends on: ${root.validToDate.toISOString()}`,
      `Purposes:     ${authority.purposes.join(', ')}`,
    ],
    json: {
      state,
      directory: dir,
      name: authority.name,
      key: authority.keyType,
      purposes: authority.purposes,
      root: { fingerprint: fingerprintOf(root), notAfter: root.validToDate },
    },
  }
}
