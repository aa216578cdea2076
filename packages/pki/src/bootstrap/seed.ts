// A seed of the NoCloud datasource: the files `user-data` and `meta-data` in a directory, or in a FAT image labelled CIDATA,
// which cloud-init finds as a disk, a stick or a partition. FAT, because it can be written to: the token goes from it too.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { privateDirectory, replaceFile, syncDirectory } from '../authority/storage.ts'
import { CredentialExistsError, InvalidRequestError } from '../errors.ts'

export type Seed = { userData: string; metaData: string; networkConfig?: string | undefined }

/** The smallest FAT that mkfs makes without a word, and room for any user data. */
const imageKib = 1024

/** Writes the files with mode 0600 into a directory of mode 0700. */
export async function writeSeedDirectory(directory: string, seed: Seed): Promise<void> {
  await privateDirectory(directory)
  for (const [name, text] of filesOf(seed)) await replaceFile(join(directory, name), text, 'secret')
}

/**
 * Writes an image of 1 MiB, mode 0600. It appears whole or not at all.
 * @throws {InvalidRequestError} without `mkfs.vfat` (dosfstools) and `mcopy` (mtools)
 * @throws {CredentialExistsError} when the file is there and `replace` is not set
 */
export async function writeSeedImage(path: string, seed: Seed, { replace = false } = {}): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = join(dirname(path), `.anbox-pki-${randomBytes(8).toString('hex')}.tmp`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.truncate(imageKib * 1024)
      await run('mkfs.vfat', ['-n', 'CIDATA', temporary], 'dosfstools')
      for (const [name, text] of filesOf(seed)) await run('mcopy', ['-i', temporary, '-', `::${name}`], 'mtools', text)
      await file.sync()
    } finally {
      await file.close()
    }
    if (!replace) await refuseExisting(path)
    await rename(temporary, path)
    await syncDirectory(dirname(path))
  } finally {
    await rm(temporary, { force: true })
  }
}

function filesOf({ userData, metaData, networkConfig }: Seed): [string, string][] {
  return [
    ['user-data', userData],
    ['meta-data', metaData],
    ...(networkConfig === undefined ? [] : [['network-config', networkConfig] satisfies [string, string]]),
  ]
}

async function refuseExisting(path: string): Promise<void> {
  const there = await open(path, 'r').catch(() => undefined)
  await there?.close()
  if (there) throw new CredentialExistsError(`${path} is there already; ask for it to be replaced`)
}

/** Texts go in by a pipe. */
function run(program: string, args: string[], from: string, input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    // mkfs is in the folders of the administrator, which a person's PATH lacks.
    const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, MTOOLS_SKIP_CHECK: '1' }
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'], env })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.on('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'ENOENT' ? new InvalidRequestError(`${program} was not found; install ${from}`) : cause)
    })
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}: ${said.trim()}`)),
    )
    child.stdin.on('error', () => {}).end(input)
  })
}
