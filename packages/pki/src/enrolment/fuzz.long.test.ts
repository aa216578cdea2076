import { suite } from '@anbox/harness'
import { testFuzz } from './fuzz-rounds.ts'

testFuzz(suite('enrolment: broken inputs, long'), 50_000)
