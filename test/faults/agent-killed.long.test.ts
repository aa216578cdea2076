// Five hundred kills of the agent, or as many as ANBOX_TEST_KILLS says.
import { suite } from '@anbox/harness'
import { killed, seed } from './agent-kills.ts'

const kills = Number(process.env.ANBOX_TEST_KILLS ?? 500)
const test = suite(`agent killed ${kills} times (ANBOX_TEST_SEED=${seed})`, { timeout: 60_000 + kills * 8_000 })

test('no instance is lost or doubled, every operation ends, nothing stays in between', () => killed(kills))
