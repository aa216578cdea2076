// Five times; two hundred in kill.long.test.ts.
import { suite } from '@anbox/harness'
import { testKills } from './kill-rounds.ts'

testKills(suite('enrolment: SIGKILL'), 5)
