// Brings a machine that runs already into the deployment, over SSH: what cloud-init would have written goes to
// `anbox-pki bootstrap` there by standard input, the token too, which so is in no file and on no command line.
import type { Authority } from '../authority/authority.ts'
import { storesOf } from '../enrolment/server.ts'
import { AdoptionFailedError, InvalidRequestError } from '../errors.ts'
import { usualProgram } from './cloud-config.ts'
import type { Bundle } from './machine.ts'
import { type PlanRequest, planBootstrap } from './plan.ts'
import { runOverSsh, type SshTarget } from './ssh.ts'

export type AdoptRequest = SshTarget &
  Omit<PlanRequest, 'root'> & {
    roles?: readonly string[]
    /** Days that each certificate of the machine lives. */
    days?: number
    /** Seconds that the token is good; 900 unless said. */
    ttlSeconds?: number
    /** `anbox-pki` on the machine. */
    program?: string
    /** Run it by `sudo -n` there. */
    sudo?: boolean
    /** Enrol anew where the machine is enrolled already. */
    replace?: boolean
    /** Seconds that the machine keeps trying; 60 unless said. */
    waitSeconds?: number
  }
export type Adopted = {
  state: 'enrolled' | 'kept'
  machine: string
  serial: string
  fingerprint: string
  notAfter: Date
}

const programPattern = /^[A-Za-z0-9_./+-]+$/

/**
 * @throws {ServerUntrustedError} when the host's key is not the named one; no token was sent
 * @throws {EnrolmentUnavailableError} when ssh does not get there
 * @throws {AdoptionFailedError} with what the machine said
 */
export async function adopt(authority: Authority, request: AdoptRequest): Promise<Adopted> {
  const { machine, roles = [], days, ttlSeconds = 900, program = usualProgram, waitSeconds = 60 } = request
  if (!programPattern.test(program)) throw new InvalidRequestError(`"${program}" is not a path that needs no quotes`)
  const plan = planBootstrap({ ...request, root: authority.rootCertificate })
  const { tokens, machines } = storesOf(authority)
  const made = await tokens.create({ name: machine, roles, ttlSeconds, ...(days !== undefined && { days }) })
  try {
    const bundle: Bundle = { version: 1, ...plan, token: made.token }
    const options = ['--stdin', '--json', '--wait', `${waitSeconds}s`, ...(request.replace ? ['--replace'] : [])]
    const command = [...(request.sudo ? ['sudo', '-n'] : []), program, 'bootstrap', ...options].join(' ')
    const answer = await runOverSsh(request, command, JSON.stringify(bundle))
    const adopted = readAnswer(request, answer)
    // What the machine says it has, we must have signed.
    if (!(await machines.withSerial(machine, adopted.serial)))
      throw new AdoptionFailedError(`${request.host} has a certificate that was not issued to "${machine}" here`)
    return adopted
  } finally {
    // Used or not: nobody needs it any more.
    await tokens.revoke(made.id)
  }
}

function readAnswer(
  { host, machine }: AdoptRequest,
  answer: { code: number; stdout: string; stderr: string },
): Adopted {
  const { code, stdout, stderr } = answer
  const found = document(stdout)
  if (found?.error) throw new AdoptionFailedError(`${host} could not be enrolled: ${found.error.message ?? code}`)
  const { state, serial, fingerprint, notAfter } = found ?? {}
  if (code !== 0 || (state !== 'enrolled' && state !== 'kept') || !serial || !fingerprint || !notAfter) {
    const said = stderr.trim().split('\n').at(-1)
    const why = code === 127 ? 'anbox-pki is not installed there' : `it ended with ${code}${said ? `: ${said}` : ''}`
    throw new AdoptionFailedError(`${host} could not be enrolled: ${why}`)
  }
  return { state, machine, serial, fingerprint, notAfter: new Date(notAfter) }
}

type Answer = { error?: { message?: string }; state?: string; serial?: string; fingerprint?: string; notAfter?: string }

/** Login scripts may say something before. */
function document(stdout: string): Answer | undefined {
  const line = stdout.trim().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(line) as Answer
  } catch {
    return undefined
  }
}
