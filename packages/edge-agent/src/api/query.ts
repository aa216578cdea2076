// Query parameters of lists: recursion, limit, offset, and filters as plain `key=value`.
import { badRequest } from '../errors.ts'

export type Query = Record<string, string | string[] | undefined>

export function text(query: Query, name: string): string | undefined {
  const value = query[name]
  if (Array.isArray(value)) throw badRequest(`?${name}= stands more than once`)
  // The Go client sends `type=` for "any".
  return value === '' ? undefined : value
}

export function flag(query: Query, name: string): boolean | undefined {
  const value = text(query, name)
  if (value === undefined) return undefined
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  throw badRequest(`?${name}= must be true or false, not "${value}"`)
}

export function count(query: Query, name: string, least: number): number | undefined {
  const value = text(query, name)
  if (value === undefined) return undefined
  const number = Number(value)
  if (!Number.isInteger(number) || number < least)
    throw badRequest(`?${name}= must be a whole number from ${least}, not "${value}"`)
  return number
}

export const recursive = (query: Query) => (count(query, 'recursion', 0) ?? 0) > 0

export type Page<T> = { items: T[]; total: number }

/** `limit` -1 or none means all. */
export function page<T>(query: Query, items: T[]): Page<T> {
  const offset = count(query, 'offset', 0) ?? 0
  const limit = count(query, 'limit', -1) ?? -1
  return { items: items.slice(offset, limit < 0 ? undefined : offset + limit), total: items.length }
}
