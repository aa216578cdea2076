// Amounts of memory and disk. AMS counts in powers of 1024 and calls them kB, MB, GB: its "3GB" is 3·2^30 bytes. LXD's
// "3GB" is 3·10^9. This client speaks to AMS, so it goes by AMS; `GiB` and its like mean the same in both.
import { InvalidRequestError } from '../errors.ts'

/** Bytes, or text as a person writes it: `"3GB"`, `"512MiB"`, `"1048576"`. Whole numbers, and GB is 2^30 bytes. */
export type Amount = number | string

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']
const factors = new Map(
  units.flatMap((unit, power) => [
    [unit, 1024 ** power] as const,
    // Only AMS's own spelling of a thousand has a small k.
    [unit.replace('k', 'K').replace(/^(.)B$/, '$1iB'), 1024 ** power] as const,
  ]),
)
const form = /^(\d{1,20})([A-Za-z]*)$/

/** The bytes of an amount. Throws `InvalidRequestError` for what is none, and beyond 2^53 - 1. */
export function parseAmount(amount: Amount): number {
  const bytes = typeof amount === 'string' ? read(amount) : amount
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes
  const shown = typeof amount === 'string' ? JSON.stringify(amount) : String(amount)
  throw new InvalidRequestError(
    `${shown.slice(0, 50)} is not an amount: give whole bytes, or text such as "3GB" or "512MiB" (GB is 2^30 bytes)`,
    { code: 'invalid-request' },
  )
}

function read(text: string): number {
  const [, digits, unit = ''] = form.exec(text) ?? []
  return Number(digits) * (factors.get(unit || 'B') ?? Number.NaN)
}

/** The bytes in the largest unit that holds them whole, as AMS writes it: `"3GB"`, `"1536MB"`. */
export function formatAmount(bytes: Amount): string {
  let rest = parseAmount(bytes)
  let power = 0
  while (rest > 0 && rest % 1024 === 0 && power < units.length - 1) {
    rest /= 1024
    power += 1
  }
  return `${rest}${units[power]}`
}

/** `body` with its amounts, where there are any, in bytes or as AMS's text. */
export function withAmounts<T extends object, K extends keyof T>(
  body: T,
  names: K[],
  write: (amount: Amount) => number | string,
): T {
  const converted = names.flatMap((name) => {
    const amount = body[name]
    // AMS takes null and empty text for what is not given.
    return typeof amount === 'number' || (typeof amount === 'string' && amount !== '') ? [[name, write(amount)]] : []
  })
  return { ...body, ...Object.fromEntries(converted) }
}
