import { openAuthority } from '../../authority/authority.ts'
import { replaceFile, writeNew } from '../../authority/storage.ts'
import { metaData, userData } from '../../bootstrap/cloud-config.ts'
import { planBootstrap } from '../../bootstrap/plan.ts'
import { type Seed, writeSeedDirectory, writeSeedImage } from '../../bootstrap/seed.ts'
import { storesOf } from '../../enrolment/server.ts'
import { CredentialExistsError, InvalidRequestError } from '../../errors.ts'
import type { Report } from '../report.ts'
import { type MachineOptions, planOf, readGiven } from './options.ts'

type Options = MachineOptions & {
  out?: string
  image?: string
  userData?: string
  networkConfig?: string
  ttl?: number
  force?: boolean
}

/** The token is in the files only. When they cannot be written, it is taken back. */
export async function writeCloudInit(machine: string, options: Options): Promise<Report> {
  const { dir, out, image, userData: file, networkConfig, role: roles, days, ttl, program, force = false } = options
  if ([out, image, file].every((one) => one === undefined))
    throw new InvalidRequestError('say where it goes: --out, --image or --user-data')
  const authority = await openAuthority(dir)
  const plan = planBootstrap({ ...(await planOf(machine, options)), root: authority.rootCertificate })
  const network = networkConfig === undefined ? undefined : await readGiven(networkConfig)
  const { tokens } = storesOf(authority)
  const { id, expiresAt, token } = await tokens.create({
    name: machine,
    roles,
    ...(days !== undefined && { days }),
    ...(ttl !== undefined && { ttlSeconds: ttl }),
  })
  const text = userData(plan, token, program)
  const seed: Seed = { userData: text, metaData: metaData(machine, id), networkConfig: network }
  try {
    if (out !== undefined) await writeSeedDirectory(out, seed)
    if (image !== undefined) await writeSeedImage(image, seed, { replace: force })
    if (file !== undefined && force) await replaceFile(file, text, 'secret')
    else if (file !== undefined && !(await writeNew(file, text, 'secret')))
      throw new CredentialExistsError(`${file} is there already; --force replaces it`)
  } catch (error) {
    await tokens.revoke(id)
    throw error
  }
  const written = [out, image, file].filter((one) => one !== undefined)
  return {
    text: [
      `"${machine}" enrols with it at ${plan.settings.url}`,
      ...written.map((one) => `Wrote:  ${one}`),
      `Token:  ${id}, good until ${expiresAt.toISOString()}`,
      'It holds a secret: delete it when the machine is enrolled.',
    ],
    json: { machine, url: plan.settings.url, files: written, token: { id, expiresAt } },
  }
}
