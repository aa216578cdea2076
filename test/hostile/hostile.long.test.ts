import { suite } from '@anbox/harness'
import { hostile, seed } from './hostile.ts'

const test = suite(`hostile input, 50,000 times (ANBOX_TEST_SEED=${seed})`, { timeout: 1800_000 })

test('46,000 mutated requests and 4,000 uploads: no crash, no file outside, each a sentence', () =>
  hostile(46_000, 4_000))
