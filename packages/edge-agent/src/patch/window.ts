// Maintenance windows: when patches may be applied, in the words of a time zone. A window opens at its time on the clock on
// the wall and lasts as long as it says, also on the days on which that clock is changed: it is neither skipped nor
// opened twice. Where the time does not exist on such a day, it opens as much later as the clock was put forward.
import { Temporal } from 'temporal-polyfill'

/** Parsed from `Sat,Sun 02:00-06:00`, `Mon-Fri 23:00-01:00` or `02:00-04:00`. */
export type Window = {
  /** ISO: Monday is 1. */
  readonly days: readonly number[]
  /** Minutes after midnight. */
  readonly start: number
  readonly minutes: number
}

export type WindowState =
  /** Times in ms since 1970. */
  { readonly open: true; readonly until: number } | { readonly open: false; readonly opens: number }

const names = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const day = 24 * 60

/** @throws Error that says what is wrong with it. */
export function parseWindow(text: string): Window {
  const [, days = '', from = '', to = ''] = /^(?:(\S+)\s+)?(\d\d:\d\d)-(\d\d:\d\d)$/.exec(text.trim()) ?? []
  if (!from)
    throw new Error(`"${text}" is no window: write "02:00-04:00", "Sat,Sun 02:00-06:00" or "Mon-Fri 23:00-01:00"`)
  const [start, end] = [minutesOf(from, text), minutesOf(to, text)]
  return {
    days: days ? parseDays(days, text) : [1, 2, 3, 4, 5, 6, 7],
    start,
    minutes: (end - start + day) % day || day,
  }
}

/** @throws Error where there is no such time zone. */
export function checkTimeZone(zone: string): string {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone).timeZoneId
  } catch {
    throw new Error(`there is no time zone "${zone}": write one such as "UTC" or "Europe/Berlin"`)
  }
}

/** Without any window it is always open. @param now ms since 1970. */
export function windowAt(windows: readonly Window[], zone: string, now: number): WindowState {
  if (windows.length === 0) return { open: true, until: Number.POSITIVE_INFINITY }
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate()
  let [until, opens] = [0, Number.POSITIVE_INFINITY]
  // One that opened yesterday may be open still, and the next one is at most a week away.
  for (let offset = -2; offset <= 8; offset += 1) {
    const date = today.add({ days: offset })
    for (const { days, start, minutes } of windows) {
      if (!days.includes(date.dayOfWeek)) continue
      const plainTime = Temporal.PlainTime.from({ hour: Math.floor(start / 60), minute: start % 60 })
      const from = date.toZonedDateTime({ timeZone: zone, plainTime }).epochMilliseconds
      const to = from + minutes * 60_000
      if (from <= now && now < to) until = Math.max(until, to)
      if (from > now) opens = Math.min(opens, from)
    }
  }
  return until > 0 ? { open: true, until } : { open: false, opens }
}

function minutesOf(time: string, text: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  if (hours > 24 || minutes > 59 || hours * 60 + minutes > day) throw new Error(`"${text}": there is no time ${time}`)
  return (hours * 60 + minutes) % day
}

function parseDays(text: string, whole: string): number[] {
  const number = (name: string) => {
    const index = names.indexOf(name.toLowerCase())
    if (index < 0) throw new Error(`"${whole}": "${name}" is no day: write Mon, Tue, Wed, Thu, Fri, Sat or Sun`)
    return index + 1
  }
  return text.split(',').flatMap((part) => {
    const [first = '', last = first] = part.split('-')
    const [from, to] = [number(first), number(last)]
    return Array.from({ length: ((to - from + 7) % 7) + 1 }, (_, index) => ((from - 1 + index) % 7) + 1)
  })
}
