import { isDeepStrictEqual } from 'node:util'
import { Deadline } from '../connection/deadline.ts'
import { PreconditionFailedError } from '../errors.ts'
import { type Api, type CallOptions, ifMatch } from './api.ts'

export type ModifyOptions = CallOptions & {
  /** How often it is tried when somebody else changes the thing meanwhile; 5 unless said. */
  attempts?: number
}

/**
 * Reads a thing, lets `change` work on a copy of it, and writes that back, unless somebody changed the thing meanwhile: then
 * all of it is done again. Nothing is sent where nothing was changed. (LXD 5.0 compares and then writes, with no lock in
 * between: of two writes that come at the very same moment both may pass.) @returns what the thing is now
 * @throws PreconditionFailedError when somebody else was faster each time, and what `change` throws
 */
export async function modify<T>(
  api: Api,
  path: string,
  change: (draft: T) => void | Promise<void>,
  { attempts = 5, ...limits }: ModifyOptions = {},
): Promise<T> {
  using limit = new Deadline(limits, `PUT ${path} at ${api.connection.server}`)
  const { signal } = limit
  for (let left = attempts; ; left -= 1) {
    const { value, etag } = await api.getWithEtag<T>(path, { signal })
    const draft = structuredClone(value)
    await change(draft)
    if (isDeepStrictEqual(draft, value)) return value
    try {
      await api.send('PUT', path, { body: draft, headers: ifMatch(etag), signal })
      return draft
    } catch (error) {
      if (!(error instanceof PreconditionFailedError) || left <= 1) throw error
    }
  }
}
