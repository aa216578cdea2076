// Passwords come from where other processes cannot read them: never from the command line itself.
import { readFile } from 'node:fs/promises'
import { InvalidRequestError } from '../errors.ts'

export type PasswordSource = { passwordStdin?: boolean; passwordFile?: string; passwordEnv?: string }

const longest = 4096

/** The password, without the line end that editors and `echo` put behind it. */
export async function readPassword(source: PasswordSource): Promise<string> {
  const named = [source.passwordStdin, source.passwordFile, source.passwordEnv].filter((one) => one !== undefined)
  if (named.length !== 1)
    throw new InvalidRequestError(
      'name one source of the password: --password-stdin, --password-file or --password-env',
    )
  const password = (await text(source)).replace(/\r?\n$/, '')
  if (password === '') throw new InvalidRequestError('the password is empty')
  if (password.length > longest) throw new InvalidRequestError(`the password is longer than ${longest} characters`)
  return password
}

async function text({ passwordFile, passwordEnv }: PasswordSource): Promise<string> {
  if (passwordFile !== undefined) {
    return readFile(passwordFile, 'utf8').catch((cause: Error) => {
      throw new InvalidRequestError(`the password file cannot be read: ${cause.message}`, { cause })
    })
  }
  if (passwordEnv !== undefined) {
    const value = process.env[passwordEnv]
    if (value === undefined) throw new InvalidRequestError(`there is no environment variable ${passwordEnv}`)
    return value
  }
  if (process.stdin.isTTY)
    throw new InvalidRequestError('--password-stdin wants a pipe: a terminal would show the password')
  let read = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    read += chunk
    if (read.length > longest + 2) break
  }
  return read
}
