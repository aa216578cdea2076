import { credentialPaths, loadCredential } from '../../authority/credential.ts'
import { joinLxd } from '../../credentials/lxd-join.ts'
import { CredentialMissingError, InvalidRequestError } from '../../errors.ts'
import { credentialsOf } from '../issue.ts'
import { readPrivate } from '../private-input.ts'
import type { Report } from '../report.ts'

type JoinFlags = {
  dir: string
  out?: string
  address?: string
  tokenStdin?: boolean
  tokenFile?: string
  tokenEnv?: string
}

export async function join(name: string, flags: JoinFlags): Promise<Report> {
  const directory = flags.out ?? credentialsOf(flags.dir)
  const credential = await loadCredential(directory, name)
  if (!credential) {
    const { certificate } = credentialPaths(directory, name)
    throw new CredentialMissingError(`${certificate} and its key are not there; issue it first`)
  }
  const { tokenStdin: stdin, tokenFile: file, tokenEnv: env, address } = flags
  const token = await readPrivate({ stdin, file, env }, { what: 'token', longest: 8192 })
  if (token === undefined)
    throw new InvalidRequestError('name one source of the token: --token-stdin, --token-file or --token-env')
  const { certificate, key } = credential
  const joined = await joinLxd({ token, certificate, key, ...(address !== undefined && { address }) })
  const { authorities, restricted, projects } = joined
  return {
    text: [
      joined.state === 'kept' ? `LXD trusts "${name}" already` : `LXD trusts "${name}" now, as "${joined.name}"`,
      `SHA-256:     ${joined.fingerprint}`,
      `Address:     ${joined.address}`,
      ...(restricted ? [`Restricted:  to ${projects.join(', ') || 'no project'}`] : []),
      ...authorities.map((one) => `Warning:     ${one} is a CA, and whoever has its certificate gets in; remove it`),
    ],
    json: joined,
  }
}
