import type { AuditRecord } from '../../authority/audit-line.ts'
import { openAuthority } from '../../authority/authority.ts'
import { InvalidRequestError } from '../../errors.ts'
import type { Report } from '../report.ts'

/** Exit code of a damaged authority. */
const damaged = 5

export async function audit({ dir, last, known }: { dir: string; last: number; known?: string }): Promise<Report> {
  if (known !== undefined && !/^[0-9a-f]{64}$/.test(known))
    throw new InvalidRequestError('--known is a SHA-256 in lower-case hexadecimal')
  const authority = await openAuthority(dir)
  const verdict = await authority.verifyAudit({ known })
  const records: AuditRecord[] = []
  for await (const record of authority.audit.entries()) {
    records.push(record)
    if (records.length > last) records.shift()
  }
  return {
    text: [
      ...records.map(sentence),
      ...verdict.problems.map((problem) => `NOT WHOLE: ${problem}`),
      `${verdict.lines} lines, ${verdict.ok ? 'nothing changed' : 'CHANGED'}`,
      `Last line's SHA-256: ${verdict.hash}`,
    ],
    json: { ...verdict, records },
    ...(verdict.ok ? {} : { exitCode: damaged }),
  }
}

function sentence({ line, at, by, action, subject, ...details }: AuditRecord): string {
  const said = Object.entries(details)
    .filter(([, value]) => !Array.isArray(value) || value.length > 0)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : value}`)
  return `${line}  ${at}  ${by}  ${action} ${subject}  ${said.join(' ')}`.trimEnd()
}
