// The plan is what makes an agent that died at any point go on rightly: every state it can wake up in is listed here.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { instanceRecord } from '../store/record.fixture.ts'
import { type Observed, plan } from './plan.ts'

const test = suite('plan')

const absent: Observed = { state: 'absent' }
const lxd = (power: 'running' | 'stopped' | 'frozen' | 'unknown', more: object = {}): Observed => ({
  state: 'present',
  power,
  lastStart: 't1',
  wentDownWithMachine: false,
  ...more,
})

const made = { made: true }
const up = { ...made, status: 'running', lastStart: 't1' } as const
const setUp = { ...made, status: 'started', lastStart: 't1', setUp: 'hooks' } as const
const cases: [string, Parameters<typeof instanceRecord>[0], Observed, string][] = [
  ['one with hooks is set up before it runs', setUp, lxd('running'), 'set-up'],
  [
    'a set-up that was cut off is begun again from the start',
    { ...setUp, setUpAt: { start: 't1', done: false } },
    lxd('running'),
    'begin-again',
  ],
  [
    'also when the guest went down meanwhile',
    { ...setUp, setUpAt: { start: 't1', done: false } },
    lxd('stopped'),
    'begin-again',
  ],
  [
    'the set-up of another start is none of this one',
    { ...setUp, setUpAt: { start: 't0', done: true } },
    lxd('running'),
    'set-up',
  ],
  [
    'a guest whose set-up was cut off is thrown away while it runs',
    { ...setUp, made: false, status: 'created' },
    lxd('running'),
    'discard',
  ],
  [
    'its last hooks are run before it is stopped',
    { ...up, goal: 'stopped', hooksBeforeStop: true },
    lxd('running'),
    'stop-hooks',
  ],
  ['and before it is deleted', { ...up, goal: 'deleted', hooksBeforeStop: true }, lxd('running'), 'stop-hooks'],
  [
    'but not in one that has failed',
    { ...up, goal: 'stopped', hooksBeforeStop: true, failing: 'x', logsKept: true },
    lxd('running'),
    'stop',
  ],
  ['one made ahead is started once', { ...made, goal: 'stopped', warm: 'prepared' }, lxd('stopped'), 'warm-up'],
  ['and stopped, where that was cut off', { ...made, goal: 'stopped', warm: 'prepared' }, lxd('running'), 'stop'],
  [
    'then it rests',
    { ...made, goal: 'stopped', status: 'stopped', warm: 'prepared', warmReady: true },
    lxd('stopped'),
    'rest',
  ],
  ['one that is to be paused is frozen once it is up', { ...up, warm: 'paused' }, lxd('running'), 'freeze'],
  ['and rests', { ...up, warm: 'paused', warmReady: true }, lxd('frozen'), 'rest'],
  [
    'taken by a launch it is thawed',
    { ...up, status: 'started', taken: { adapt: false, thaw: true } },
    lxd('frozen'),
    'thaw',
  ],
  ['a new one is made', {}, absent, 'make'],
  ['a cut-off creation is thrown away before it is made again', {}, lxd('stopped'), 'discard'],
  ['once made it is started', { ...made, status: 'prepared' }, lxd('stopped'), 'start'],
  [
    'a start that the agent did not live to see is noted',
    { ...made, status: 'prepared' },
    lxd('running'),
    'note-start',
  ],
  ['a started one is checked', { ...made, status: 'started', lastStart: 't1' }, lxd('running'), 'check-boot'],
  ['a running one is left in peace', { ...made, status: 'running', lastStart: 't1' }, lxd('running'), 'rest'],
  [
    'one that somebody restarted is checked again',
    { ...made, status: 'running', lastStart: 't0' },
    lxd('running'),
    'note-start',
  ],
  [
    'one that stopped while booting has failed',
    { ...made, status: 'started', lastStart: 't1' },
    lxd('stopped'),
    'fail',
  ],
  ['one that stopped by itself has failed', { ...made, status: 'running', lastStart: 't1' }, lxd('stopped'), 'fail'],
  [
    'one that went down with the machine is started again',
    { ...made, status: 'running', lastStart: 't1' },
    lxd('stopped', { wentDownWithMachine: true }),
    'start',
  ],
  ['one whose LXD instance vanished has failed', { ...made, status: 'running' }, absent, 'fail'],
  [
    'a failing one keeps its logs first',
    { ...made, status: 'started', failing: 'x', goal: 'stopped' },
    lxd('running'),
    'keep-logs',
  ],
  [
    'then it is stopped',
    { ...made, status: 'started', failing: 'x', goal: 'stopped', logsKept: true },
    lxd('running'),
    'stop',
  ],
  [
    'then the error is told',
    { ...made, status: 'started', failing: 'x', goal: 'stopped', logsKept: true },
    lxd('stopped'),
    'note-error',
  ],
  [
    'a failed creation leaves nothing and is told',
    { status: 'prepared', failing: 'x', goal: 'stopped' },
    lxd('stopped'),
    'discard',
  ],
  ['… once its leftover is gone', { status: 'prepared', failing: 'x', goal: 'stopped' }, absent, 'note-error'],
  ['a failed one is not made again by itself', { status: 'error', goal: 'stopped' }, absent, 'rest'],
  ['a failed one stays stopped', { ...made, status: 'error', goal: 'stopped' }, lxd('running'), 'stop'],
  ['a failed one rests', { ...made, status: 'error', goal: 'stopped' }, lxd('stopped'), 'rest'],
  ['one that shall stop is stopped', { ...made, status: 'running', goal: 'stopped' }, lxd('running'), 'stop'],
  ['and that is noted', { ...made, status: 'running', goal: 'stopped' }, lxd('stopped'), 'note-stopped'],
  ['one that is not to start is made all the same', { goal: 'stopped' }, absent, 'make'],
  ['one to be deleted is stopped first', { ...made, status: 'running', goal: 'deleted' }, lxd('running'), 'stop'],
  ['then removed', { ...made, status: 'running', goal: 'deleted' }, lxd('stopped'), 'remove'],
  ['then forgotten', { ...made, goal: 'deleted' }, absent, 'forget'],
  ['a cut-off creation to be deleted is removed', { goal: 'deleted' }, lxd('stopped'), 'remove'],
  ['deleting wins over failing', { ...made, failing: 'x', goal: 'deleted' }, lxd('stopped'), 'remove'],
]

for (const [title, record, observed, step] of cases) {
  test(title, () => assert.equal(plan(instanceRecord(record), observed).do, step))
}

test('every state of a record leads to rest or away, whatever LXD says: no step is planned for ever', () => {
  const effects: Record<
    string,
    (
      record: ReturnType<typeof instanceRecord>,
      observed: Observed,
    ) => [ReturnType<typeof instanceRecord> | undefined, Observed]
  > = {
    make: (record) => [{ ...record, made: true, status: 'prepared' }, lxd('stopped', { lastStart: '' })],
    discard: (record) => [record, absent],
    start: (record) => [{ ...record, status: 'prepared' }, lxd('running', { lastStart: 't2' })],
    'note-start': (record) => [{ ...record, status: 'started', lastStart: 't2' }, lxd('running', { lastStart: 't2' })],
    'check-boot': (record, observed) => [{ ...record, status: 'running' }, observed],
    stop: (record) => [record, lxd('stopped')],
    'note-stopped': (record, observed) => [{ ...record, status: 'stopped' }, observed],
    fail: (record, observed) => [{ ...record, failing: 'x', goal: 'stopped' }, observed],
    'keep-logs': (record, observed) => [{ ...record, logsKept: true }, observed],
    'note-error': (record, observed) => [{ ...record, status: 'error', failing: undefined, goal: 'stopped' }, observed],
    remove: (record) => [record, absent],
    forget: () => [undefined, absent],
  }
  let seen = 0
  for (const goal of ['running', 'stopped', 'deleted'] as const)
    for (const status of ['created', 'prepared', 'started', 'running', 'stopped', 'error'] as const)
      for (const isMade of [true, false])
        for (const failing of [undefined, 'x'])
          for (const logsKept of [true, false])
            for (const start of [
              absent,
              lxd('running'),
              lxd('stopped'),
              lxd('stopped', { wentDownWithMachine: true }),
              lxd('frozen'),
              lxd('unknown'),
            ]) {
              let record: ReturnType<typeof instanceRecord> | undefined = instanceRecord({
                goal,
                status,
                made: isMade,
                failing,
                logsKept,
              })
              let observed: Observed = start
              for (let steps = 0; record; steps += 1) {
                const step = plan(record, observed)
                if (step.do === 'rest') break
                assert.ok(
                  steps < 15,
                  `${JSON.stringify({ goal, status, isMade, failing, logsKept, start })} goes in circles at ${step.do}`,
                )
                ;[record, observed] = effects[step.do]?.(record, observed) ?? [record, observed]
              }
              seen += 1
              if (goal === 'deleted') assert.equal(record, undefined)
            }
  assert.equal(seen, 3 * 6 * 2 * 2 * 2 * 6)
})
