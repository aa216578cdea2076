// What a token permits, and a machine stays: fixed by the authority, whatever a request asks for.
import { profiles } from '../authority/profile.ts'
import { type CertificateRequest, checkNames, checkValidity } from '../authority/request.ts'
import { InvalidRequestError } from '../errors.ts'

export type Scope = {
  /** Of the machine: common name, and the last part of the URI `anbox:agent/NAME`, which is its identity. */
  name: string
  /** Which intermediate signs. */
  purpose: 'agents'
  /** What it is used as, one URI `urn:anbox:role:ROLE` for each. */
  roles: string[]
  /** Days that each certificate lives. */
  days: number
}
export type ScopeRequest = { name: string; purpose?: 'agents'; roles?: readonly string[]; days?: number }

const rolePattern = /^[a-z0-9][a-z0-9-]{0,31}$/
const mostRoles = 16

/** @throws {InvalidRequestError} naming the value and what would do */
export function checkScope({ name, purpose = 'agents', roles = [], days = profiles.agents.days }: ScopeRequest): Scope {
  if (purpose !== 'agents') throw new InvalidRequestError(`machines enrol for "agents", not for "${purpose}"`)
  for (const role of roles) {
    if (!rolePattern.test(role))
      throw new InvalidRequestError(`"${role}" is no role: up to 32 lower-case letters, digits and "-"`)
  }
  if (roles.length > mostRoles) throw new InvalidRequestError(`a machine has at most ${mostRoles} roles`)
  const scope: Scope = { name, purpose, roles: [...new Set(roles)], days }
  const request = requestOf(scope)
  checkNames(request)
  checkValidity(request, new Date(8.64e15))
  return scope
}

/** What the authority is asked for, for each certificate of a machine. */
export function requestOf({ name, purpose, roles, days }: Scope): CertificateRequest {
  const uri = [profiles[purpose].identity('client') + name, ...roles.map((role) => `urn:anbox:role:${role}`)]
  return { purpose, kind: 'client', name, uri, days }
}
