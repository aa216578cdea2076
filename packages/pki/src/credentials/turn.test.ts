import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { makeSecret } from './secret.ts'
import { turnUser } from './turn.ts'

const test = suite('TURN users')
const secret = makeSecret()
const now = new Date('2030-01-01T00:00:00Z')

test('the name says when the user ends; the password is what openssl computes', () => {
  const { username, password, expires } = turnUser(secret, 'viewer-1', 600, now)
  assert.equal(username, '1893456600:viewer-1')
  assert.equal(expires.toISOString(), '2030-01-01T00:10:00.000Z')
  const script = 'printf %s "$1" | openssl dgst -sha1 -hmac "$2" -binary | base64'
  assert.equal(execFileSync('sh', ['-c', script, 'sh', username, secret]).toString().trim(), password)
})

test('printing or sending a user does not show its password', () => {
  const user = turnUser(secret, 'viewer', 60)
  for (const text of [inspect(user), JSON.stringify(user), JSON.stringify({ ...user })])
    assert.ok(!text.includes(user.password))
})

test('a name with the separator, a life over a day and a short secret are refused', () => {
  for (const name of ['', 'a:b', '../x', 'a'.repeat(64)])
    assert.throws(() => turnUser(secret, name, 60), { code: 'invalid_request' })
  for (const ttl of [0, -1, 86_401, Number.NaN])
    assert.throws(() => turnUser(secret, 'a', ttl), /from 1 second to a day/)
  assert.throws(() => turnUser('short', 'a', 60), /at least 16/)
})
