// Sizes as AMS writes them: whole numbers with kB, MB, GB … of 1024; case matters, and nothing means bytes.
import { badRequest } from '../errors.ts'

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']

/** @throws ApiError 400 naming `what`. */
export function bytesOf(size: string | number, what: string): number {
  const match = /^(\d{1,15})(B|kB|MB|GB|TB|PB|EB)?$/.exec(String(size))
  if (!match) throw badRequest(`${what}: ${JSON.stringify(size)} is not a size such as "3GB"`)
  return Number(match[1]) * 1024 ** units.indexOf(match[2] ?? 'B')
}

/** The largest unit that loses nothing. */
export function sizeText(bytes: number): string {
  let unit = 0
  let left = bytes
  while (left > 0 && left % 1024 === 0 && unit < units.length - 1) {
    left /= 1024
    unit += 1
  }
  return `${left}${units[unit]}`
}
