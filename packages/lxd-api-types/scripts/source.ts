// Fetching the description: Debian's LXD source package, by the machine's own apt, without changing the machine's apt.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where the description comes from. The archive is upstream's, so its bytes stay the same over Debian's revisions. */
export const origin = {
  package: 'lxd',
  version: '5.0.2',
  suite: 'bookworm',
  archive: 'lxd_5.0.2.orig.tar.gz',
  archiveSha256: '7e59ba843b43b6863b7b88076b1c15b699e7583f8ee575fe35f26ea1b7ce83a9',
  file: 'doc/rest-api.yaml',
  fileSha256: '795a285d5797a7d8e80650e07e981ff0882c134119f1c3051ed0d61a10af6d76',
  licence: 'Apache-2.0',
} as const

const repository = join(import.meta.dirname, '../../..')
const folder = join(repository, '.test/lxd-source')

/**
 * The description's text. The source package is downloaded once and then kept under `.test/`.
 * @throws {Error} when apt cannot get the package, or when its bytes are not the pinned ones.
 */
export async function readDescription(): Promise<string> {
  const archive = join(folder, origin.archive)
  if (!existsSync(archive)) await download(archive)
  expectSha256(await readFile(archive), origin.archiveSha256, archive)
  const { stdout } = await run('tar', ['-xzOf', archive, `lxd-${origin.version}/${origin.file}`], {
    maxBuffer: 16 * 1024 * 1024,
  })
  expectSha256(Buffer.from(stdout), origin.fileSha256, origin.file)
  return stdout
}

async function download(archive: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(join(folder, 'apt-'))
  try {
    const config = await privateApt(work)
    const env = { ...process.env, LC_ALL: 'C' }
    // A source of somebody else's in the list may lack what we ask for; what counts is whether the next command finds the package.
    const update = await run('apt-get', ['-c', config, 'update'], { env }).catch((error) => error)
    const wanted = [`${origin.package}/${origin.suite}`]
    await run('apt-get', ['-c', config, 'source', '--download-only', '--tar-only', ...wanted], {
      cwd: work,
      env,
    }).catch((error) => {
      const said = `${update.stderr ?? ''}${error.stderr ?? ''}`.trim()
      throw new Error(
        `apt cannot fetch the source package of ${origin.package} ${origin.version} (Debian ${origin.suite}): ${said}`,
      )
    })
    const fetched = join(work, origin.archive)
    if (!existsSync(fetched)) throw new Error(`Debian ${origin.suite} no longer holds ${origin.archive}`)
    expectSha256(await readFile(fetched), origin.archiveSha256, origin.archive)
    await rename(fetched, archive)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** An apt configuration with lists, cache and sources of its own; proxies and keys stay the machine's. Its path is returned. */
async function privateApt(work: string): Promise<string> {
  const sources = await debianSources()
  if (sources === '') {
    throw new Error(
      `this machine's apt has no Debian sources, so the ${origin.package} source package cannot be fetched`,
    )
  }
  for (const part of ['lists/partial', 'cache/archives/partial']) await mkdir(join(work, part), { recursive: true })
  await writeFile(join(work, 'debian.sources'), sources)
  const config = join(work, 'apt.conf')
  const settings = [
    `Dir::Etc::sourcelist "${join(work, 'debian.sources')}";`,
    'Dir::Etc::sourceparts "/dev/null";',
    `Dir::State::lists "${join(work, 'lists')}";`,
    `Dir::Cache "${join(work, 'cache')}";`,
    // The machine's own hooks are about the machine's own lists.
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
  ]
  await writeFile(config, `${settings.join('\n')}\n`)
  return config
}

/** The machine's Debian sources, turned to source packages of the pinned suite; empty on a machine that has none. */
export async function debianSources(etc = '/etc/apt'): Promise<string> {
  const stanzas: string[] = []
  for (const file of globSync('sources.list.d/*.sources', { cwd: etc }).sort()) {
    const text = (await readFile(join(etc, file), 'utf8')).replace(/^#.*\n/gm, '')
    for (const stanza of text.split(/\n\s*\n/)) {
      const uris = stanza.match(/^URIs:\s*(.+)$/im)?.[1]
      const suites = stanza.match(/^Suites:\s*(.+)$/im)?.[1] ?? ''
      if (!uris || /^Enabled:\s*no/im.test(stanza) || !suites.split(/\s+/).some(isDebian)) continue
      // A key may stand in the stanza itself, over several indented lines.
      stanzas.push(sourceStanza(uris, stanza.match(/^Signed-By:.*(?:\n[ \t].*)*/im)?.[0]))
    }
  }
  for (const file of ['sources.list', ...globSync('sources.list.d/*.list', { cwd: etc }).sort()]) {
    const text = existsSync(join(etc, file)) ? await readFile(join(etc, file), 'utf8') : ''
    for (const [, options = '', uri = '', suite = ''] of text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/gm)) {
      const key = options.match(/signed-by=(\S+)/i)?.[1]
      if (isDebian(suite)) stanzas.push(sourceStanza(uri, key ? `Signed-By: ${key}` : undefined))
    }
  }
  return [...new Set(stanzas)].join('\n')
}

// Not `…-security`, `…-updates`: the archive itself is enough, and holds every suite.
function isDebian(suite: string): boolean {
  return /^(bookworm|trixie|forky|duke|sid|oldstable|stable|testing|unstable)$/.test(suite)
}

function sourceStanza(uris: string, signedBy: string | undefined): string {
  const lines = ['Types: deb-src', `URIs: ${uris}`, `Suites: ${origin.suite}`, 'Components: main']
  return `${[...lines, ...(signedBy ? [signedBy] : [])].join('\n')}\n`
}

function expectSha256(bytes: Buffer, expected: string, what: string): void {
  const actual = createHash('sha256').update(bytes).digest('hex')
  if (actual !== expected) throw new Error(`${what} has SHA-256 ${actual}; ${expected} is pinned`)
}
