// 1,500; fifty thousand in fuzz.long.test.ts.
import { suite } from '@anbox/harness'
import { testFuzz } from './fuzz-rounds.ts'

testFuzz(suite('enrolment: broken inputs'), 1_500)
