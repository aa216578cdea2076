// One line of the audit log, as text: `{"line":7,"at":…,"by":…,"action":…,…,"previous":SHA-256,"signature":Ed25519}`. The
// signature is over the text before it, so nobody has to agree on a canonical form.
import { createHash, type KeyObject, sign, verify } from 'node:crypto'

/** What was done, to whom or what, and details. Never a secret. */
export type AuditEntry = {
  action: string
  subject: string
  [detail: string]: string | number | boolean | readonly string[] | undefined
}
export type AuditRecord = AuditEntry & { line: number; at: string; by: string }

/** Where a log stands: its lines, their bytes, and the SHA-256 of the last one. */
export type Position = { lines: number; bytes: number; hash: string }
export const start: Position = { lines: 0, bytes: 0, hash: '0'.repeat(64) }

const signed = /^(\{.*),"signature":"([A-Za-z0-9_-]{86})"\}$/

/** Without the line end. */
export function writeLine(entry: AuditEntry, by: string, after: Position, key: KeyObject): string {
  const record = { line: after.lines + 1, at: new Date().toISOString(), by, ...entry, previous: after.hash }
  const text = JSON.stringify(record).slice(0, -1)
  return `${text},"signature":"${sign(null, Buffer.from(text), key).toString('base64url')}"}`
}

/** The record of a line, or what is wrong with it. */
export function readLine(line: string, after: Position, key: KeyObject): AuditRecord | string {
  const [, text = '', signature = ''] = signed.exec(line) ?? []
  if (!text || !verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))) return 'was changed'
  const { previous, ...record } = JSON.parse(`${text}}`)
  if (previous !== after.hash || record.line !== after.lines + 1)
    return 'does not follow the one before it: something was removed, added or moved'
  return record
}

export function advance(position: Position, line: string): Position {
  const bytes = Buffer.from(`${line}\n`)
  return {
    lines: position.lines + 1,
    bytes: position.bytes + bytes.length,
    hash: createHash('sha256').update(line).digest('hex'),
  }
}
