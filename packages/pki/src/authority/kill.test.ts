// A few kills of who works on an authority. kill.long.test.ts has two hundred.
import { suite } from '@anbox/harness'
import { created, end, replaced, worked } from '../../test/authority-kills.ts'

const test = suite('SIGKILL', { timeout: 240_000 })
test.after(end)
const kills = 5

test('created and issued: always one authority, one key, one certificate', () => created(kills))
test('replaced: always a key with a certificate that fits it', () => replaced(kills))
test('issued, revoked, backed up: what was said to be done is done, and the log is whole', () => worked(kills))
