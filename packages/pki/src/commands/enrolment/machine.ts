import { readFile, rm } from 'node:fs/promises'
import type { KeyType } from '../../authority/key.ts'
import { checkKeyType } from '../../authority/request.ts'
import { enrol, renew } from '../../enrolment/enrol.ts'
import type { Enrolment } from '../../enrolment/home.ts'
import { patiently } from '../../enrolment/patience.ts'
import { InvalidRequestError } from '../../errors.ts'
import { readPrivate } from '../private-input.ts'
import { noteKey, type Report } from '../report.ts'

type MachineOptions = { into: string; name?: string; key?: string; wait?: number }
export type EnrolMachineOptions = MachineOptions & {
  ca?: string
  caFingerprint?: string
  tokenStdin?: boolean
  tokenFile?: string
  tokenEnv?: string
  forgetToken?: boolean
  replace?: boolean
}

export async function enrolMachine(url: string, options: EnrolMachineOptions): Promise<Report> {
  const { ca: caFile, caFingerprint, replace, tokenStdin: stdin, tokenFile: file, tokenEnv: env } = options
  const token = await readPrivate({ stdin, file, env }, { what: 'token', longest: 128 })
  if (token === undefined)
    throw new InvalidRequestError('name one source of the token: --token-stdin, --token-file or --token-env')
  if (options.forgetToken && file === undefined) throw new InvalidRequestError('--forget-token goes with --token-file')
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8').catch(unreadable)
  const enrolled = await patiently(
    () => enrol({ ...common(options), url, token, ca, caFingerprint, replace }),
    waitOf(options),
  )
  if (options.forgetToken && file !== undefined) await rm(file, { force: true })
  const said = enrolled.state === 'kept' ? 'The machine is enrolled already' : 'Enrolled the machine'
  return reportOf(said, enrolled)
}

export async function renewMachine(options: MachineOptions & { now?: boolean }): Promise<Report> {
  const renewed = await patiently(() => renew({ ...common(options), force: options.now }), waitOf(options))
  return reportOf(renewed.state === 'kept' ? 'It is not yet time' : 'Renewed the certificate', renewed)
}

function common({ into, name, key }: MachineOptions) {
  const type = key === undefined ? undefined : checkKeyType(key)
  return { directory: into, name, key: type, onKey: (made: KeyType) => noteKey('the machine', made) }
}

function waitOf({ wait = 0 }: MachineOptions) {
  const onPause = (error: Error, pauseMs: number) =>
    process.stderr.write(`${error.message}; again in ${Math.ceil(pauseMs / 1000)} s …\n`)
  return { patienceMs: wait * 1000, onPause }
}

function reportOf(said: string, { state, credential, paths, renewAt, url }: Enrolment & { state: string }): Report {
  const { fingerprint, serial, notAfter } = credential
  return {
    text: [
      said,
      `Certificate: ${paths.certificate}`,
      `Key:         ${paths.key}`,
      `Root:        ${paths.root}`,
      `SHA-256:     ${fingerprint}`,
      `Ends on:     ${notAfter.toISOString()}`,
      `Renew from:  ${renewAt.toISOString()}`,
    ],
    json: { state, url, serial, fingerprint, notAfter, renewAt, files: paths },
  }
}

function unreadable(cause: Error): never {
  throw new InvalidRequestError(`the root cannot be read: ${cause.message}`, { cause })
}
