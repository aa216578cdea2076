import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ARCHITECTURES, type Architecture, isNative } from './architecture.ts'
import { run } from './command.ts'

const SOURCE = join(import.meta.dirname, 'source')

/** The Debian packages that compiling for an architecture needs on this machine. */
export function compilerPackages(arch: Architecture): string[] {
  return isNative(arch) ? ['gcc', 'libc6-dev'] : ARCHITECTURES[arch].crossPackages
}

/** `package=version` of each of these packages that is installed. */
export async function installedVersions(packages: string[]): Promise<string[]> {
  // dpkg-query fails when one is unknown, and prints the others all the same.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = '${Package}=${Version} ${db:Status-Status}\\n'
  const lines = await run('sh', ['-c', 'dpkg-query -W -f "$0" "$@" 2>/dev/null || true', format, ...packages])
  return lines.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.replace(/ installed$/, '')] : []))
}

/**
 * Installs what is missing of these packages, through apt.
 *
 * @throws Error that names the command when this is not root
 */
export async function install(packages: string[], log: (line: string) => void): Promise<void> {
  const present = (await installedVersions(packages)).map((entry) => entry.split('=')[0])
  const missing = packages.filter((name) => !present.includes(name))
  if (missing.length === 0) return
  if (process.getuid?.() !== 0)
    throw new Error(`missing packages: run "sudo apt-get install --no-install-recommends ${missing.join(' ')}" first`)
  log(`installing with apt: ${missing.join(', ')}`)
  const args = ['install', '--yes', '--no-install-recommends', ...missing]
  try {
    await run('apt-get', args)
  } catch {
    await run('apt-get', ['update'])
    await run('apt-get', args)
  }
}

/** Compiles the stand-in's one static binary. The same sources and compiler give the same bytes, wherever they lie. */
export async function compile(arch: Architecture, output: string): Promise<void> {
  const compiler = isNative(arch) ? 'gcc' : `${ARCHITECTURES[arch].gnu}-gcc`
  const sources = (await readdir(SOURCE)).filter((name) => name.endsWith('.c')).sort()
  const flags = ['-std=gnu11', '-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', '-Os']
  const link = ['-static', '-s', '-Wl,--build-id=none', '-ffunction-sections', '-Wl,--gc-sections']
  await run(compiler, [...flags, ...link, '-o', output, ...sources], SOURCE)
}
