import { X509Certificate } from 'node:crypto'
import { openAuthority } from '../authority/authority.ts'
import { fingerprintOf } from '../authority/certificate.ts'
import type { Report } from './report.ts'

export async function show({ dir }: { dir: string }): Promise<Report> {
  const authority = await openAuthority(dir)
  const root = describe(authority.rootCertificate)
  const intermediates = authority.purposes.map((purpose) => ({
    purpose,
    ...describe(authority.intermediate(purpose).certificate),
  }))
  const now = new Date()
  const issued = (await authority.list()).map((one) => ({ ...one, ended: one.notAfter <= now }))
  return {
    text: [
      `Authority "${authority.name}" (${authority.keyType}) in ${dir}`,
      `Root:         ${root.subject}, ends on ${root.notAfter.toISOString()}`,
      `              SHA-256 ${root.fingerprint}`,
      ...intermediates.flatMap(({ purpose, subject, notAfter, fingerprint }) => [
        `${`${purpose}:`.padEnd(13)} ${subject}, ends on ${notAfter.toISOString()}`,
        `              SHA-256 ${fingerprint}`,
      ]),
      issued.length === 0 ? 'Nothing was issued yet' : 'Issued:',
      ...issued.map(({ purpose, kind, name, dns, ip, notAfter, serial, ended, revoked }) => {
        const names = [...dns, ...ip].join(', ')
        const until = `${ended ? 'ended' : 'ends'} on ${notAfter.toISOString()}`
        const gone = revoked ? `, REVOKED on ${revoked.at.toISOString()} (${revoked.reason})` : ''
        return `  ${purpose} ${kind} ${name}${names && ` (${names})`}, ${until}, serial ${serial}${gone}`
      }),
    ],
    json: { directory: dir, name: authority.name, key: authority.keyType, root, intermediates, issued },
  }
}

function describe(pem: string) {
  const certificate = new X509Certificate(pem)
  const subject = certificate.subject.replaceAll('\n', ', ')
  return { subject, fingerprint: fingerprintOf(certificate), notAfter: certificate.validToDate }
}
