// Where on a machine secrets lie in files: who owns them, who can read them, how old they are, and what is wrong with that.
// The files are looked at from outside only; none is opened.
import { glob, lstat, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { type Deployment, type KnownFile, knownFiles } from './known-files.ts'

export type FoundFile = {
  deployment: Deployment | 'named'
  component: string
  path: string
  /** Names, or numbers where the machine has no name. */
  owner: string
  group: string
  /** Four octal digits. */
  mode: string
  /** Who can read it by owner and mode, root left out. */
  readBy: string[]
  /** Days since its content was last changed. */
  ageDays: number
  changedAt: Date
  warnings: string[]
}
export type InventoryRequest = {
  /** Where the file system begins; `/` unless said. */
  root?: string
  /** Directory of an authority, to be looked at too. */
  authority?: string
  /** Further files or patterns. */
  files?: string[]
  /** Warn of a secret that is older; 365 unless said. */
  oldDays?: number
}
type Names = { users: Map<number, string>; groups: Map<number, string> }

const dayMs = 86_400_000

/** Finds the files that are there, in the order of their paths. */
export async function inventory(request: InventoryRequest = {}): Promise<FoundFile[]> {
  const { root = '/', authority, files = [], oldDays = 365 } = request
  const names = await readNames(root)
  const named = files.map((path) => ({ deployment: 'named' as const, component: '–', path, base: '' }))
  const known = knownFiles.flatMap((file) => {
    const base = file.deployment === 'authority' ? authority : root
    return base === undefined ? [] : [{ ...file, base }]
  })
  const found = new Map<string, FoundFile>()
  for (const file of [...known, ...named]) {
    for await (const path of paths(join(file.base, file.path))) {
      if (!found.has(path)) found.set(path, await look(path, file, { names, oldDays, root }))
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function* paths(pattern: string): AsyncGenerator<string> {
  if (pattern.includes('*')) yield* glob(pattern)
  else if (await lstat(pattern).catch(() => undefined)) yield pattern
}

async function look(
  path: string,
  file: Omit<KnownFile, 'deployment'> & { deployment: FoundFile['deployment'] },
  { names, oldDays, root }: { names: Names; oldDays: number; root: string },
): Promise<FoundFile> {
  const stats = await lstat(path)
  const { uid, gid, mode, mtime } = stats
  const owner = names.users.get(uid) ?? String(uid)
  const group = names.groups.get(gid) ?? String(gid)
  const wanted = ['root', ...(file.readers ?? [])]
  const warnings: string[] = []
  if (stats.isSymbolicLink()) warnings.push('is a symbolic link')
  else if (!stats.isFile()) warnings.push('is not a file')
  else warnings.push(...modeWarnings(mode, group, wanted))
  // A file named by hand may be anybody's.
  if (file.deployment !== 'named' && file.deployment !== 'authority' && !wanted.includes(owner))
    warnings.push(`belongs to ${owner}, not to ${wanted.join(' or ')}`)
  warnings.push(...(await folderWarnings(path, root)))
  const ageDays = Math.floor((Date.now() - mtime.getTime()) / dayMs)
  if (ageDays > oldDays) warnings.push(`has not changed for ${ageDays} days`)
  const readBy = [
    ...(mode & 0o400 && owner !== 'root' ? [owner] : []),
    ...(mode & 0o040 && group !== 'root' ? [`group ${group}`] : []),
    ...(mode & 0o004 ? ['everybody'] : []),
  ]
  const octal = (mode & 0o7777).toString(8).padStart(4, '0')
  const { deployment, component } = file
  return { deployment, component, path, owner, group, mode: octal, readBy, ageDays, changedAt: mtime, warnings }
}

function modeWarnings(mode: number, group: string, wanted: string[]): string[] {
  if (mode & 0o004) return ['everybody can read it']
  if (mode & 0o002) return ['everybody can write it']
  if (mode & 0o060 && !wanted.includes(group)) return [`the group ${group} can ${mode & 0o040 ? 'read' : 'write'} it`]
  return mode & 0o020 ? [`the group ${group} can write it`] : []
}

/** Who may write the folder may put another file in its place. */
async function folderWarnings(path: string, root: string): Promise<string[]> {
  const folder = dirname(path)
  const inside = !relative(root, folder).startsWith('..')
  const { mode } = await lstat(folder)
  return inside && mode & 0o002 && !(mode & 0o1000) ? ['everybody can write its folder'] : []
}

/** The names of the machine whose file system it is, which need not be this one. */
async function readNames(root: string): Promise<Names> {
  const read = async (file: string) => {
    const text = await readFile(join(root, 'etc', file), 'utf8').catch(() => '')
    return new Map(
      text.split('\n').flatMap((line) => {
        const [name, , id] = line.split(':')
        return name && id ? [[Number(id), name] as const] : []
      }),
    )
  }
  return { users: await read('passwd'), groups: await read('group') }
}
