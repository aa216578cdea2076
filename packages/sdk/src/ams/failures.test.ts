// Every failure, tried on each method of the AMS client.
import { suite } from '@anbox/harness'
import { amsMethods } from '../../test/methods/ams.ts'
import { failures, type Subject, tryFailure } from '../../test/methods/failures.ts'
import { AmsClient } from './client.ts'

const test = suite('AMS: every failure', { timeout: 60_000 })
const subject: Subject<AmsClient> = {
  rows: amsMethods,
  connect: ({ socketPath }) => new AmsClient({ socketPath, retries: 0 }),
}

for (const failure of failures)
  test(`${failure.name}: every method ends as it should`, () => tryFailure(subject, failure))
