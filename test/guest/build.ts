// Builds the stand-in for Android as an LXD image. `node test/guest/build.ts --arch x86_64 --out FILE`
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { ARCHITECTURES, type Architecture } from './architecture.ts'
import { busybox } from './busybox.ts'
import { compile, compilerPackages, install, installedVersions } from './compiler.ts'
import { BUILT, imageEntries } from './rootfs.ts'
import { tar } from './tar.ts'

export type { Architecture } from './architecture.ts'
export { compilerPackages } from './compiler.ts'

export type Guest = {
  arch: Architecture
  /** Where the image goes. A small file `OUT.inputs` beside it says what it was made from. */
  out: string
  log?: (line: string) => void
}

const HERE = import.meta.dirname
const CACHE = join(HERE, '.cache')

/**
 * Builds the stand-in's LXD image, or finds that the one at `out` is what would be built. The same inputs give the
 * same bytes, so the same LXD fingerprint. Missing compiler packages are installed through apt.
 *
 * @throws Error naming the packages to install when this is not root, or what a tool said when it failed
 */
export async function buildGuest({ arch, out, log = () => {} }: Guest): Promise<{ path: string; sha256: string }> {
  const path = resolve(out)
  await Promise.all([mkdir(dirname(path), { recursive: true }), mkdir(CACHE, { recursive: true })])
  await install(compilerPackages(arch), log)
  const box = await busybox(arch, CACHE, log)
  const inputs = await inputsHash(arch, box)
  const built = await existing(path, inputs)
  if (built) {
    log(`${path} is up to date`)
    return { path, sha256: built }
  }
  const folder = await mkdtemp(join(tmpdir(), 'standin-build-'))
  try {
    log(`compiling the stand-in for ${arch}`)
    await compile(arch, join(folder, 'standin'))
    const standin = await readFile(join(folder, 'standin'))
    const image = gzipSync(tar(await imageEntries(arch, { standin, busybox: box }), BUILT), { level: 9 })
    const sha256 = createHash('sha256').update(image).digest('hex')
    await writeFile(`${path}.${process.pid}`, image)
    await rename(`${path}.${process.pid}`, path)
    await writeFile(`${path}.inputs`, JSON.stringify({ inputs, sha256 }))
    log(`${path}: ${(image.length / 1e6).toFixed(1)} MB, sha256 ${sha256}`)
    return { path, sha256 }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function inputsHash(arch: Architecture, box: Uint8Array): Promise<string> {
  const hash = createHash('sha256')
  const versions = await installedVersions(compilerPackages(arch))
  hash.update(JSON.stringify([arch, versions.sort(), process.versions.zlib])).update(box)
  const entries = await readdir(HERE, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const sources = files.filter((file) => !file.startsWith(CACHE) && !/\.test\.ts$/.test(file)).sort()
  for (const file of sources) hash.update(`\0${file.slice(HERE.length)}\0`).update(await readFile(file))
  return hash.digest('hex')
}

/** The sha256 of the image at `path` if it was made from these inputs and is whole. */
async function existing(path: string, inputs: string): Promise<string | undefined> {
  try {
    const made = JSON.parse(await readFile(`${path}.inputs`, 'utf8')) as { inputs: string; sha256: string }
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
    return made.inputs === inputs && made.sha256 === sha256 ? sha256 : undefined
  } catch {
    return undefined
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { arch: { type: 'string' }, out: { type: 'string' } } })
  const arch = Object.keys(ARCHITECTURES).find((name) => name === values.arch) as Architecture | undefined
  if (!arch || !values.out) throw new Error('usage: node test/guest/build.ts --arch x86_64|aarch64 --out FILE')
  const { path, sha256 } = await buildGuest({ arch, out: values.out, log: console.error })
  console.log(`${sha256}  ${path}`)
}

if (import.meta.main) await main()
