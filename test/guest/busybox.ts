import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ARCHITECTURES, type Architecture, isNative } from './architecture.ts'
import { run } from './command.ts'
import { installedVersions } from './compiler.ts'

/** A static busybox for an architecture: this machine's if it has one, else the distribution's package unpacked. */
export async function busybox(arch: Architecture, cache: string, log: (line: string) => void): Promise<Uint8Array> {
  if (isNative(arch) && (await installedVersions(['busybox-static'])).length > 0)
    return readFile(await run('sh', ['-c', 'printf %s "$(command -v busybox)"']))
  const kept = join(cache, `busybox-${arch}`)
  try {
    return await readFile(kept)
  } catch {
    log(`fetching the package busybox-static:${ARCHITECTURES[arch].debian}`)
    await fetch(ARCHITECTURES[arch].debian, kept)
    return readFile(kept)
  }
}

/**
 * Downloads and unpacks the package without installing it, by an apt that has its own state: no foreign architecture
 * is added to this machine, nothing of its package lists changes, and root is not needed.
 */
async function fetch(debian: string, target: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'standin-apt-'))
  try {
    for (const name of ['state/lists/partial', 'cache/archives/partial', 'package'])
      await mkdir(join(folder, name), { recursive: true })
    await writeFile(join(folder, 'state/status'), '')
    const settings = {
      'APT::Architecture': debian,
      'APT::Architectures::': debian,
      'Acquire::Languages': 'none',
      'APT::Sandbox::User': '', // else apt warns that its own user cannot enter this folder
      'Dir::Cache': join(folder, 'cache'),
      'Dir::State': join(folder, 'state'),
      'Dir::State::status': join(folder, 'state/status'),
    }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    await run('apt-get', [...options, 'update'], folder)
    await run('apt-get', [...options, 'download', `busybox-static:${debian}`], folder)
    const file = (await readdir(folder)).find((name) => name.endsWith('.deb'))
    if (!file) throw new Error(`apt-get download busybox-static:${debian} left no package`)
    await run('dpkg', ['-x', file, 'package'], folder)
    // Before Debian merged /usr the binary lay in /bin.
    const found = await run('find', ['package', '-type', 'f', '-name', 'busybox', '-path', '*bin/*'], folder)
    await copyFile(join(folder, found.trim()), `${target}.${process.pid}`)
    await rename(`${target}.${process.pid}`, target)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
