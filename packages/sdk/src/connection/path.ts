import { InvalidRequestError } from '../errors.ts'

/** A path with its variable parts percent-encoded: path`/1.0/instances/${name}/state`. */
export function path(strings: TemplateStringsArray, ...names: (string | number)[]): string {
  return strings.reduce((text, part, index) => text + segment(names[index - 1] ?? '') + part)
}

function segment(name: string | number): string {
  const text = String(name)
  // Encoding leaves dots alone, and servers and proxies resolve `..`: that would be another resource.
  if (text === '' || text === '.' || text === '..') {
    throw new InvalidRequestError(`${JSON.stringify(text)} cannot be a name`, { code: 'invalid-request' })
  }
  // A colon may stay as it is in a path, and AMS's image names are full of them.
  return encodeURIComponent(text).replaceAll('%3A', ':')
}

export type Query = Record<string, string | number | boolean | undefined>

/** The path with a query; undefined values are left out. */
export function withQuery(base: string, query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.append(name, String(value))
  const text = parameters.toString()
  return text ? `${base}?${text}` : base
}
