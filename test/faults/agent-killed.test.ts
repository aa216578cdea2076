// A few kills of the agent. agent-killed.long.test.ts has five hundred.
import { suite } from '@anbox/harness'
import { killed, seed } from './agent-kills.ts'

const kills = 12
const test = suite(`agent killed ${kills} times (ANBOX_TEST_SEED=${seed})`, { timeout: 60_000 + kills * 8_000 })

test('no instance is lost or doubled, every operation ends, nothing stays in between', () => killed(kills))
