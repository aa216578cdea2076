// Passwords come from where other processes cannot read them: never from the command line itself.
import { InvalidRequestError } from '../errors.ts'
import { readPrivate } from './private-input.ts'

export type PasswordSource = { passwordStdin?: boolean; passwordFile?: string; passwordEnv?: string }

/** The password, without the line end that editors and `echo` put behind it. */
export async function readPassword(source: PasswordSource): Promise<string> {
  const { passwordStdin: stdin, passwordFile: file, passwordEnv: env } = source
  const password = await readPrivate({ stdin, file, env }, { what: 'password', longest: 4096 })
  if (password === undefined)
    throw new InvalidRequestError(
      'name one source of the password: --password-stdin, --password-file or --password-env',
    )
  return password
}
