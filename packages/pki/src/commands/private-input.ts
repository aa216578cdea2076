// Texts that nobody else may see come from standard input, a file or the environment.
import { readFile } from 'node:fs/promises'
import { InvalidRequestError } from '../errors.ts'

export type PrivateSource = { stdin?: boolean | undefined; file?: string | undefined; env?: string | undefined }

/**
 * The text, without one line end behind it; nothing when no source is named.
 * @throws {InvalidRequestError} for several sources, an empty text, one that is longer than so many characters
 */
export async function readPrivate(
  source: PrivateSource,
  { what, longest }: { what: string; longest: number },
): Promise<string | undefined> {
  const named = [source.stdin, source.file, source.env].filter((one) => one !== undefined)
  if (named.length === 0) return undefined
  if (named.length > 1)
    throw new InvalidRequestError(`name one source of the ${what}: --${what}-stdin, --${what}-file or --${what}-env`)
  const text = (await read(source, what, longest)).replace(/\r?\n$/, '')
  if (text === '') throw new InvalidRequestError(`the ${what} is empty`)
  if (text.length > longest) throw new InvalidRequestError(`the ${what} is longer than ${longest} characters`)
  return text
}

async function read({ file, env }: PrivateSource, what: string, longest: number): Promise<string> {
  if (file !== undefined) {
    return readFile(file, 'utf8').catch((cause: Error) => {
      throw new InvalidRequestError(`the ${what} file cannot be read: ${cause.message}`, { cause })
    })
  }
  if (env !== undefined) {
    const value = process.env[env]
    if (value === undefined) throw new InvalidRequestError(`there is no environment variable ${env}`)
    return value
  }
  if (process.stdin.isTTY)
    throw new InvalidRequestError(`--${what}-stdin wants a pipe: a terminal would show the ${what}`)
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk
    if (text.length > longest + 2) break
  }
  return text
}
