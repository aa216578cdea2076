// Takes a token out of the files that cloud-init and others made of it. It is overwritten where it stands, with as many
// octets: the file stays what it was (YAML, JSON, a pickle), its blocks hold the token no more, and a seed that is read
// again at the next boot has none. Found are the token itself and base64 of it, in lines or not.
import { lstat, open, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'

export type Scrubbed = {
  /** What held the token. */
  scrubbed: string[]
  /** What holds it still: media that cannot be written. */
  left: string[]
}

/** What cloud-init writes, and seeds in files. */
const usualPlaces = [
  '/var/lib/cloud',
  '/run/cloud-init',
  '/etc/cloud',
  '/var/log/cloud-init.log',
  '/var/log/cloud-init-output.log',
]
/** Media with a NoCloud seed. */
const labels = ['/dev/disk/by-label/cidata', '/dev/disk/by-label/CIDATA']
/** Octets read at once; larger files and media are gone through in pieces that overlap. */
const piece = 4 * 1024 * 1024
const overlap = 4096
const longestMedium = 4 * 1024 ** 3
const filler = 'x'

/** Removes the token from the given files and folders, or from all that is known to hold it on a machine. */
export async function scrub(token: string, places: readonly string[] = usualPlaces): Promise<Scrubbed> {
  const patterns = patternsOf(token)
  const result: Scrubbed = { scrubbed: [], left: [] }
  const media = places === usualPlaces ? await mediaOf(labels) : []
  for (const place of [...places, ...media]) {
    for await (const path of filesOf(place)) {
      if (!(await holds(path, patterns))) continue
      await overwrite(path, patterns).catch(() => {})
      const clean = !(await holds(path, patterns))
      ;(clean ? result.scrubbed : result.left).push(path)
    }
  }
  return result
}

async function* filesOf(place: string): AsyncGenerator<string> {
  const found = await lstat(place).catch(() => undefined)
  if (found?.isFile() || found?.isBlockDevice()) yield place
  // Links are not followed: what they lead to is elsewhere, or is met by its own name.
  if (!found?.isDirectory()) return
  for (const name of (await readdir(place).catch(() => [])).sort()) yield* filesOf(join(place, name))
}

async function mediaOf(paths: string[]): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => realpath(path).catch(() => undefined)))
  return [...new Set(found.flatMap((path) => path ?? []))]
}

async function holds(path: string, patterns: RegExp[]): Promise<boolean> {
  for await (const { text } of pieces(path)) if (patterns.some((pattern) => text.search(pattern) >= 0)) return true
  return false
}

async function overwrite(path: string, patterns: RegExp[]): Promise<void> {
  const spans: { position: number; text: string }[] = []
  for await (const { text, position } of pieces(path))
    for (const pattern of patterns)
      for (const match of text.matchAll(pattern)) spans.push({ position: position + match.index, text: match[0] })
  const file = await open(path, 'r+')
  try {
    for (const { position, text } of spans) {
      // Line ends within stay.
      const blank = text.replace(/\\[rn]|\s|./g, (part) => (part.length === 2 || /\s/.test(part) ? part : filler))
      await file.write(blank, position, 'latin1')
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

async function* pieces(path: string): AsyncGenerator<{ text: string; position: number }> {
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return
  try {
    const buffer = Buffer.alloc(piece)
    for (let position = 0; position < longestMedium; ) {
      const { bytesRead } = await file.read(buffer, 0, piece, position)
      yield { text: buffer.toString('latin1', 0, bytesRead), position }
      if (bytesRead < piece) return
      position += piece - overlap
    }
  } finally {
    await file.close()
  }
}

/** Of base64 only what depends on the token alone, in its three alignments. */
function patternsOf(token: string): RegExp[] {
  const base64 = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), Buffer.from(token)])
    const from = Math.ceil((before * 8) / 6)
    const to = Math.floor((whole.length * 8) / 6)
    return whole.toString('base64').slice(from, to)
  })
  const urlSafe = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  // Between two characters there may be the end of a line, in a JSON string too.
  const gap = '(?:\\\\[rn]|\\s)*'
  const inLines = [...new Set([...base64, ...urlSafe])].map((text) => [...text].map(escaped).join(gap))
  return [escaped(token), ...inLines].map((pattern) => new RegExp(pattern, 'g'))
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
