// Some thousand of what hostile.long.test.ts sends.
import { suite } from '@anbox/harness'
import { hostile, seed } from './hostile.ts'

const test = suite(`hostile input (ANBOX_TEST_SEED=${seed})`, { timeout: 120_000 })

test('600 mutated requests and 60 uploads: no crash, no file outside, each a sentence', () => hostile(600, 60))
