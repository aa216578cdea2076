import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { checkTimeZone, parseWindow, windowAt } from './window.ts'

const test = suite('patch: windows')

/** The state at a time, in words: `open until …` or `opens …`. */
function at(time: string, zone: string, ...windows: string[]): string {
  const state = windowAt(windows.map(parseWindow), zone, Date.parse(time))
  const show = (milliseconds: number) =>
    Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString().replace(':00.000Z', 'Z') : 'never'
  return state.open ? `open until ${show(state.until)}` : `opens ${show(state.opens)}`
}

const cases: [string, string, string, string[], string][] = [
  // What it is, when, where, the windows, and what is expected.
  ['before it', '2026-03-10T01:59:59Z', 'UTC', ['02:00-04:00'], 'opens 2026-03-10T02:00Z'],
  ['its first moment', '2026-03-10T02:00:00Z', 'UTC', ['02:00-04:00'], 'open until 2026-03-10T04:00Z'],
  ['its last moment', '2026-03-10T03:59:59Z', 'UTC', ['02:00-04:00'], 'open until 2026-03-10T04:00Z'],
  ['over', '2026-03-10T04:00:00Z', 'UTC', ['02:00-04:00'], 'opens 2026-03-11T02:00Z'],
  ['no windows', '2026-03-10T04:00:00Z', 'UTC', [], 'open until never'],
  ['a weekly one', '2026-03-10T12:00:00Z', 'UTC', ['Sun 01:00-02:00'], 'opens 2026-03-15T01:00Z'],
  ['the same weekday, over', '2026-03-15T02:00:00Z', 'UTC', ['Sun 01:00-02:00'], 'opens 2026-03-22T01:00Z'],
  ['over midnight, before', '2026-03-13T23:30:00Z', 'UTC', ['Fri 23:00-01:00'], 'open until 2026-03-14T01:00Z'],
  ['over midnight, after', '2026-03-14T00:30:00Z', 'UTC', ['Fri 23:00-01:00'], 'open until 2026-03-14T01:00Z'],
  ['a whole day', '2026-03-14T12:00:00Z', 'UTC', ['Sat 00:00-24:00'], 'open until 2026-03-15T00:00Z'],
  ['two that overlap', '2026-03-14T02:30:00Z', 'UTC', ['02:00-03:00', '02:15-04:00'], 'open until 2026-03-14T04:00Z'],
  ['a zone ahead', '2026-01-10T00:30:00Z', 'Asia/Tokyo', ['09:00-10:00'], 'open until 2026-01-10T01:00Z'],
  ['a zone behind', '2026-01-10T05:30:00Z', 'America/New_York', ['00:00-01:00'], 'open until 2026-01-10T06:00Z'],
  ['half an hour off', '2026-01-10T20:30:00Z', 'Asia/Kolkata', ['02:00-03:00'], 'open until 2026-01-10T21:30Z'],
  ['winter', '2026-01-10T01:30:00Z', 'Europe/Berlin', ['02:00-04:00'], 'open until 2026-01-10T03:00Z'],
  ['summer', '2026-07-10T01:30:00Z', 'Europe/Berlin', ['02:00-04:00'], 'open until 2026-07-10T02:00Z'],
  // 2026-03-29: 02:00 becomes 03:00. The hour from 02:00 does not exist; the window still lasts two hours.
  ['put forward: around it', '2026-03-29T00:30:00Z', 'Europe/Berlin', ['01:00-03:00'], 'open until 2026-03-29T02:00Z'],
  ['put forward: in the gap', '2026-03-29T00:59:00Z', 'Europe/Berlin', ['02:00-03:00'], 'opens 2026-03-29T01:00Z'],
  [
    'put forward: not skipped',
    '2026-03-29T01:30:00Z',
    'Europe/Berlin',
    ['02:00-03:00'],
    'open until 2026-03-29T02:00Z',
  ],
  ['put forward: late in the gap', '2026-03-29T01:00:00Z', 'Europe/Berlin', ['02:30-03:00'], 'opens 2026-03-29T01:30Z'],
  // 2026-10-25: 03:00 becomes 02:00. The hour from 02:00 exists twice; the window opens once.
  [
    'put back: the first time',
    '2026-10-25T00:30:00Z',
    'Europe/Berlin',
    ['02:00-03:00'],
    'open until 2026-10-25T01:00Z',
  ],
  ['put back: not a second time', '2026-10-25T01:30:00Z', 'Europe/Berlin', ['02:00-03:00'], 'opens 2026-10-26T01:00Z'],
  [
    'put back: as long as it says',
    '2026-10-25T01:30:00Z',
    'Europe/Berlin',
    ['01:00-04:00'],
    'open until 2026-10-25T02:00Z',
  ],
  [
    'New York, put forward',
    '2026-03-08T07:15:00Z',
    'America/New_York',
    ['02:00-03:00'],
    'open until 2026-03-08T08:00Z',
  ],
  [
    'midnight that does not exist',
    '2026-09-06T03:59:00Z',
    'America/Santiago',
    ['00:00-01:00'],
    'opens 2026-09-06T04:00Z',
  ],
  ['a leap day', '2028-02-29T02:30:00Z', 'UTC', ['Tue 02:00-03:00'], 'open until 2028-02-29T03:00Z'],
  ['into a leap day', '2028-02-28T23:30:00Z', 'UTC', ['Mon 23:00-01:00'], 'open until 2028-02-29T01:00Z'],
  ['over the new year', '2027-01-01T00:30:00Z', 'UTC', ['Thu 23:00-01:00'], 'open until 2027-01-01T01:00Z'],
  ['days by range', '2026-03-14T12:00:00Z', 'UTC', ['Fri-Mon 11:00-13:00'], 'open until 2026-03-14T13:00Z'],
  ['not in the range', '2026-03-11T12:00:00Z', 'UTC', ['Fri-Mon 11:00-13:00'], 'opens 2026-03-13T11:00Z'],
]
for (const [what, time, zone, windows, expected] of cases)
  test(`${what}: ${windows.join(' and ') || 'none'} in ${zone}`, () =>
    assert.equal(at(time, zone, ...windows), expected))

test('what is no window or no zone is refused with what would be one', () => {
  for (const text of [
    '',
    'Sun',
    '2:00-3:00',
    '02:00',
    'Sunday 02:00-03:00',
    '25:00-26:00',
    '02:60-03:00',
    '02:00-24:30',
  ])
    assert.throws(() => parseWindow(text), /such as|write|no time|no window|no day/, text)
  assert.throws(() => checkTimeZone('Mars/Olympus'), /no time zone "Mars\/Olympus"/)
  assert.equal(checkTimeZone('Europe/Berlin'), 'Europe/Berlin')
})
