// Identities and groups, in AMS's unrestricted mode: members of `admin` may do everything, other groups and their
// permissions are stored and have no effect. A client whose certificate belongs to an identity outside of `admin` may do
// nothing but ask what it may do.
import { badRequest, conflict, forbidden, notFound, notSupported } from '../errors.ts'
import type { Operations } from '../operations/operations.ts'
import { newId } from '../store/id.ts'
import type { GroupRecord, IdentityRecord, OperationRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { derOf, type TrustStore } from './trust-store.ts'

export const adminGroup = 'admin'

export type IdentityPost = {
  authentication_method: string
  name?: string | null
  email?: string | null
  certificate?: string | null
}
export type GroupPut = {
  description?: string | null
  permissions?: { entitlement: string; resource: string }[] | null
}
export type Permission = { entitlement: string; resource: string }

export class Identities {
  readonly #store: Store
  readonly #trust: TrustStore
  readonly #operations: Operations

  constructor(store: Store, trust: TrustStore, operations: Operations) {
    this.#store = store
    this.#trust = trust
    this.#operations = operations
  }

  list(): IdentityRecord[] {
    return this.#store.identities.list()
  }

  /** By id or name. @throws ApiError 404. */
  get(idOrName: string): IdentityRecord {
    const found = this.list().find(({ id, name }) => id === idOrName || name === idOrName)
    if (!found) throw notFound('identity', idOrName)
    return found
  }

  /** Base64 of its certificate's DER. */
  certificateOf({ fingerprint }: IdentityRecord): string {
    return this.#trust.has(fingerprint) ? derOf(this.#trust.get(fingerprint)) : ''
  }

  /** @throws ApiError 400, 409 and 501. */
  create({ authentication_method: method, name, certificate }: IdentityPost): OperationRecord {
    if (method !== 'tls')
      throw notSupported('identities of an OIDC provider: this server knows certificates only, and those')
    if (!name) throw badRequest('name is missing')
    if (!certificate) throw badRequest('certificate is missing: base64 of the DER, or PEM')
    if (this.list().some((other) => other.name === name)) throw conflict(`an identity "${name}" exists already`)
    // The certificate last: without its identity it would be one of an administrator.
    const id = newId()
    const fingerprint = this.#trust.fingerprint(certificate)
    if (this.#trust.has(fingerprint)) throw conflict(`certificate ${fingerprint} is trusted already`)
    const now = Math.floor(Date.now() / 1000)
    this.#store.identities.put({ id, name, method, groups: [], email: '', fingerprint, createdAt: now, updatedAt: now })
    this.#trust.add(certificate)
    return this.#operations.done('Creating identity', resourcesOf(id))
  }

  /** @throws ApiError 404. */
  setGroups(idOrName: string, groups: string[]): OperationRecord {
    const { id } = this.get(idOrName)
    for (const name of groups) this.group(name)
    this.#store.identities.change(id, (latest) => ({ ...latest, groups: [...new Set(groups)], updatedAt: now() }))
    return this.#operations.done('Updating identity', resourcesOf(id))
  }

  /** @throws ApiError 404. */
  delete(idOrName: string): OperationRecord {
    const { id, fingerprint } = this.get(idOrName)
    if (this.#trust.has(fingerprint)) this.#trust.remove(fingerprint)
    this.#store.identities.delete(id)
    return this.#operations.done('Deleting identity', resourcesOf(id))
  }

  groups(): GroupRecord[] {
    const admin: GroupRecord = {
      id: adminGroup,
      description: 'May do everything',
      permissions: everything,
      createdAt: 0,
      updatedAt: 0,
    }
    return [admin, ...this.#store.groups.list()]
  }

  /** @throws ApiError 404. */
  group(name: string): GroupRecord {
    const found = this.groups().find(({ id }) => id === name)
    if (!found) throw notFound('group', name)
    return found
  }

  members(group: string): string[] {
    return this.list()
      .filter(({ groups }) => groups.includes(group))
      .map(({ id }) => id)
  }

  /** @throws ApiError 400 and 409. */
  createGroup(name: string, description: string): OperationRecord {
    if (!/^[A-Za-z0-9_.:-]{1,255}$/.test(name))
      throw badRequest(`group name ${JSON.stringify(name)}: letters, digits and "_.:-" are allowed`)
    if (this.groups().some(({ id }) => id === name)) throw conflict(`a group "${name}" exists already`)
    this.#store.groups.put({ id: name, description, permissions: [], createdAt: now(), updatedAt: now() })
    return this.#operations.done('Creating group', groupResource(name))
  }

  /** Each field only if given; permissions replace those of before. @throws ApiError 403 and 404. */
  updateGroup(name: string, { description, permissions }: GroupPut): OperationRecord {
    this.#mustBeOwn(name)
    this.#store.groups.change(name, (latest) => ({
      ...latest,
      ...(description != null && { description }),
      ...(permissions && { permissions }),
      updatedAt: now(),
    }))
    return this.#operations.done('Updating group', groupResource(name))
  }

  /** @throws ApiError 403, 404, and 409 while it has members and is not forced. */
  deleteGroup(name: string, force: boolean): OperationRecord {
    this.#mustBeOwn(name)
    const members = this.members(name)
    if (members.length > 0 && !force)
      throw conflict(`group "${name}" has ${members.length} members: take them out first, or force it`)
    for (const id of members)
      this.#store.identities.change(id, (latest) => ({
        ...latest,
        groups: latest.groups.filter((one) => one !== name),
      }))
    this.#store.groups.delete(name)
    return this.#operations.done('Deleting group', groupResource(name))
  }

  /** What a client may do: everything, unless its certificate is of an identity that is in no group that may. */
  permissionsOf(fingerprint: string): Permission[] {
    const identity = this.list().find((one) => one.fingerprint === fingerprint)
    return !identity || identity.groups.includes(adminGroup) ? everything : []
  }

  #mustBeOwn(name: string): void {
    this.group(name)
    if (name === adminGroup) throw forbidden(`group "${adminGroup}" is built in and cannot be changed`)
  }
}

const everything: Permission[] = [{ entitlement: 'admin', resource: 'server' }]
const now = () => Math.floor(Date.now() / 1000)
const resourcesOf = (id: string) => ({ identities: [`/1.0/auth/identities/${id}`] })
const groupResource = (name: string) => ({ groups: [`/1.0/auth/groups/${name}`] })
