import { openAuthority } from '../../authority/authority.ts'
import { writeNew } from '../../authority/storage.ts'
import { storesOf } from '../../enrolment/server.ts'
import { stateOf, type TokenRecord } from '../../enrolment/token.ts'
import { CredentialExistsError } from '../../errors.ts'
import type { Report } from '../report.ts'
import { table } from '../table.ts'

export type CreateTokenOptions = { dir: string; role: string[]; ttl?: number; days?: number; out?: string }

/** Prints the token alone, for a pipe or a file, and all else on standard error. */
export async function createToken(machine: string, options: CreateTokenOptions): Promise<Report> {
  const { dir, role: roles, ttl, days, out } = options
  const authority = await openAuthority(dir)
  const { tokens } = storesOf(authority)
  const made = await tokens.create({
    name: machine,
    roles,
    ...(days !== undefined && { days }),
    ...(ttl !== undefined && { ttlSeconds: ttl }),
  })
  const { id, expiresAt, token } = made
  if (out !== undefined && !(await writeNew(out, `${token}\n`, 'secret'))) {
    await tokens.revoke(id)
    throw new CredentialExistsError(`${out} is there already`)
  }
  process.stderr.write(`Token ${id} for "${machine}", good until ${expiresAt.toISOString()}\n`)
  return {
    text: [out === undefined ? token : `Wrote ${out}`],
    json: { ...describe(made), ...(out === undefined ? { token } : { file: out }) },
  }
}

export async function listTokens({ dir }: { dir: string }): Promise<Report> {
  const { tokens } = storesOf(await openAuthority(dir))
  const found = (await tokens.list()).map(describe)
  const rows = found.map(({ id, machine, roles, state, expiresAt }) => [
    id,
    machine,
    roles.join(','),
    state,
    expiresAt.toISOString(),
  ])
  return {
    text: rows.length === 0 ? ['No token was made yet'] : table(['ID', 'MACHINE', 'ROLES', 'STATE', 'ENDS'], rows),
    json: { tokens: found },
  }
}

export async function revokeToken(id: string, { dir }: { dir: string }): Promise<Report> {
  const { tokens } = storesOf(await openAuthority(dir))
  const revoked = describe(await tokens.revoke(id))
  return { text: [`Token ${id} for "${revoked.machine}" is good for nothing any more`], json: revoked }
}

function describe(record: TokenRecord) {
  const { id, scope, createdAt, expiresAt, bound } = record
  const { name: machine, roles, days } = scope
  return { id, machine, roles, days, state: stateOf(record), createdAt, expiresAt, usedAt: bound?.at ?? null }
}
