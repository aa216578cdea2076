// Any request of LXD's 5.0 API, typed by its description: the path names what it needs, the answer's metadata are typed.
import type { paths } from '@lxd/api-types'
import { path as encoded, type Query } from '../connection/path.ts'
import { InvalidRequestError } from '../errors.ts'
import type { Api, CallOptions } from '../operations/api.ts'

type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Described<P extends keyof paths, M extends Verb> = paths[P][Lowercase<M> & keyof paths[P]]
/** The paths that a method is described for. */
export type LxdPath<M extends Verb> = {
  [P in keyof paths]: Described<P, M> extends { responses: unknown } ? P : never
}[keyof paths]

type Names<P> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never
type PathOptions<P> = [Names<P>] extends [never] ? { path?: never } : { path: Record<Names<P>, string> }
type Body<O> = O extends { requestBody?: { content: { 'application/json': infer B } } }
  ? { body?: B }
  : { body?: never }
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? { query?: Q } : { query?: never }
/** What a request takes. */
export type LxdRequest<M extends Verb, P extends LxdPath<M>> = CallOptions &
  PathOptions<P> &
  Body<Described<P, M>> &
  QueryOf<Described<P, M>>
type Content<R> = R extends { content: { 'application/json': infer B } } ? B : never
/** The metadata of its answer. */
export type LxdAnswer<M extends Verb, P extends LxdPath<M>> =
  Described<P, M> extends { responses: { 200: infer R } }
    ? Content<R> extends { metadata?: infer T }
      ? T
      : unknown
    : unknown

export function rawRequest<M extends Verb, P extends LxdPath<M>>(
  api: Api,
  method: M,
  template: P,
  options: LxdRequest<M, P>,
): Promise<LxdAnswer<M, P>> {
  const {
    path: names = {},
    query,
    body,
    signal,
    deadline,
  } = options as CallOptions & {
    path?: Record<string, string>
    query?: Query
    body?: unknown
  }
  const at = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = names[name]
    if (value === undefined) throw new InvalidRequestError(`${template} needs a ${name}`, { code: 'invalid-request' })
    return encoded`${value}`
  })
  const asked = { signal, deadline }
  if (method === 'GET') return api.get(at, query, asked)
  return api.send(method, at, { query, ...(body !== undefined && { body }), ...asked })
}
