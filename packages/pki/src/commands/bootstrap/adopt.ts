import { openAuthority } from '../../authority/authority.ts'
import { adopt } from '../../bootstrap/adopt.ts'
import type { Report } from '../report.ts'
import { type MachineOptions, planOf } from './options.ts'

type Options = MachineOptions & {
  machine?: string
  knownHosts?: string
  hostFingerprint?: string
  hostCa?: string
  port?: number
  identity?: string
  sudo?: boolean
  replace?: boolean
  wait?: number
}

export async function adoptMachine(host: string, options: Options): Promise<Report> {
  const { dir, days, program, sudo, replace, wait, role: roles } = options
  const { knownHosts, hostFingerprint: fingerprint, hostCa, port, identity } = options
  const authority = await openAuthority(dir)
  const machine = options.machine ?? host.replace(/^.*@/, '')
  const adopted = await adopt(authority, {
    ...(await planOf(machine, options)),
    ...{ host, knownHosts, fingerprint, hostCa, port, identity, roles },
    ...(days !== undefined && { days }),
    ...(program !== undefined && { program }),
    ...(sudo !== undefined && { sudo }),
    ...(replace !== undefined && { replace }),
    ...(wait !== undefined && { waitSeconds: wait }),
  })
  return {
    text: [
      adopted.state === 'kept' ? `${host} is enrolled already as "${machine}"` : `Enrolled ${host} as "${machine}"`,
      `Serial:  ${adopted.serial}`,
      `SHA-256: ${adopted.fingerprint}`,
      `Ends on: ${adopted.notAfter.toISOString()}`,
    ],
    json: { host, ...adopted },
  }
}
