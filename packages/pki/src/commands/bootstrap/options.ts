// What `cloud-init` and `adopt` have in common.
import { readFile } from 'node:fs/promises'
import { checkKeyType } from '../../authority/request.ts'
import type { PlanRequest } from '../../bootstrap/plan.ts'
import { InvalidRequestError } from '../../errors.ts'

export type MachineOptions = {
  dir: string
  url: string
  role: string[]
  days?: number
  into?: string
  key?: string
  agentConfig?: string
  authorizedKey: string[]
  sshUserCa: string[]
  sshHostCa: string[]
  program?: string
}

export async function planOf(machine: string, options: MachineOptions): Promise<Omit<PlanRequest, 'root'>> {
  const { url, into, key, agentConfig } = options
  return {
    machine,
    url,
    into,
    key: key === undefined ? undefined : checkKeyType(key),
    agentConfig: agentConfig === undefined ? undefined : await readGiven(agentConfig),
    authorizedKeys: await Promise.all(options.authorizedKey.map(readGiven)),
    userCas: await Promise.all(options.sshUserCa.map(readGiven)),
    hostCas: await Promise.all(options.sshHostCa.map(readGiven)),
  }
}

export function readGiven(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new InvalidRequestError(`a file cannot be read: ${cause.message}`, { cause })
  })
}
