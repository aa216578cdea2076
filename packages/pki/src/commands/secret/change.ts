import { InvalidRequestError } from '../../errors.ts'
import type { SecretFormat } from '../../secrets/generate.ts'
import type { SecretInfo } from '../../secrets/info.ts'
import { readPrivate } from '../private-input.ts'
import type { Report } from '../report.ts'
import { type StoreOptions, withStore } from './open.ts'

export type ValueSource = { valueStdin?: boolean; valueFile?: string; valueEnv?: string }
type Create = StoreOptions & ValueSource & { owner: string; bytes?: number; format?: SecretFormat; ttl?: number }
type Rotate = StoreOptions & ValueSource & { overlap?: number; ifRevision?: number; due?: number }

export async function create(name: string, options: Create): Promise<Report> {
  const value = await readValue(options)
  const { owner, bytes, format, ttl } = options
  if (value !== undefined && (bytes !== undefined || format !== undefined))
    throw new InvalidRequestError('--bytes and --format are for a secret that is generated')
  const recipe = { ...(bytes === undefined ? {} : { bytes }), ...(format === undefined ? {} : { format }) }
  const life = ttl === undefined ? {} : { ttlSeconds: ttl }
  return withStore(options, (store) => {
    const made = store.create(owner, name, { ...(value === undefined ? { generate: recipe } : { value }), ...life })
    return said(`Created the secret "${name}" of ${owner}`, made)
  })
}

export async function rotate(name: string | undefined, options: Rotate): Promise<Report> {
  const { overlap = 0, ifRevision, due } = options
  if ((name === undefined) === (due === undefined)) throw new InvalidRequestError('name a secret, or say --due')
  if (name === undefined) {
    return withStore(options, (store) => {
      const rotated = store.rotateDue(due ?? 0, { overlapSeconds: overlap })
      const text = rotated.length === 0 ? 'Nothing was due' : `Rotated ${rotated.join(', ')}`
      return { text: [text], json: { rotated } }
    })
  }
  const value = await readValue(options)
  return withStore(options, (store) => {
    const { offers } = store.describe(name)
    const rotated = store.rotate(name, {
      overlapSeconds: overlap,
      ...(value === undefined ? {} : { value }),
      ...(ifRevision === undefined ? {} : { ifRevision }),
    })
    const { text, json } = said(`Rotated the secret "${name}" to revision ${rotated.revision}`, rotated)
    const holders = [...new Set(offers.map(({ to }) => to))]
    return { text: [...text, ...holders.map((to) => `Offer it to ${to} again: it may hold an older revision`)], json }
  })
}

export async function grant(name: string, options: StoreOptions & { to: string; relation: string }): Promise<Report> {
  const { to, relation } = options
  return withStore(options, (store) =>
    said(`${to} may read "${name}" in ${relation}`, store.grant(name, { to, relation })),
  )
}

export async function revoke(
  name: string | undefined,
  options: StoreOptions & { to?: string; relation?: string },
): Promise<Report> {
  const { to, relation } = options
  return withStore(options, (store) => {
    if (name !== undefined && to !== undefined) {
      const left = store.revokeGrant(name, { to, ...(relation === undefined ? {} : { relation }) })
      return said(`${to} may not read "${name}" any more${relation ? ` in ${relation}` : ''}`, left)
    }
    if (name !== undefined || to !== undefined || relation === undefined)
      throw new InvalidRequestError('name a secret and --to, or --relation alone for all that was granted in it')
    const revoked = store.endRelation(relation)
    const what = revoked.length === 0 ? 'Nothing was granted' : `Took back ${revoked.join(', ')}`
    return { text: [`${what} in ${relation}`], json: { relation, revoked } }
  })
}

export async function remove(name: string, options: StoreOptions & { revision?: number }): Promise<Report> {
  const { revision } = options
  return withStore(options, (store) => {
    store.remove(name, revision === undefined ? {} : { revision })
    const what = revision === undefined ? `Removed the secret "${name}"` : `Ended revision ${revision} of "${name}"`
    return { text: [what], json: { name, ...(revision === undefined ? {} : { revision }), state: 'removed' } }
  })
}

function readValue({ valueStdin: stdin, valueFile: file, valueEnv: env }: ValueSource): Promise<string | undefined> {
  return readPrivate({ stdin, file, env }, { what: 'value', longest: 65_536 })
}

function said(line: string, info: SecretInfo): Report {
  return { text: [info.until ? `${line}, good until ${info.until.toISOString()}` : line], json: info }
}
