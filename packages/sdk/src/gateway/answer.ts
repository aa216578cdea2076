// Answers are looked at where they come in: what a caller gets has what its type says.
import { ServerError } from '../errors.ts'

/** The metadata of an answer, with texts under these names. */
export function withTexts<T extends object>(metadata: T | null | undefined, what: string, ...names: (keyof T)[]): T {
  const missing = names.find((name) => typeof metadata?.[name] !== 'string' || metadata[name] === '')
  if (metadata && missing === undefined) return metadata
  throw new ServerError(`${what}: the answer has no ${missing === undefined ? 'content' : String(missing)}`)
}

/** URLs that hold a token stay readable by name, but do not show when the object is printed, serialised or copied. */
export function withHiddenUrl<T extends { url?: string }>(share: T): T {
  return Object.hasOwn(share, 'url') ? Object.defineProperty(share, 'url', { enumerable: false }) : share
}
