import { suite } from '@anbox/harness'
import { testKills } from './kill-rounds.ts'

testKills(suite('enrolment: SIGKILL, long'), 200)
