import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { openInstanceTokens } from './instance-tokens.ts'

const test = suite('instance tokens')
const directory = mkdtempSync(join(tmpdir(), 'instance-tokens-'))
test.after(() => rmSync(directory, { recursive: true }))
const tokens = await openInstanceTokens(directory)
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const secretOf = (instance: string) => readFileSync(join(directory, `${instance}.secret`), 'utf8')
const forge = (header: unknown, claims: unknown, secret: string, hash = 'sha256') => {
  const text = `${base64(header)}.${base64(claims)}`
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`
}

test('a token is a JWT of HS256 for one instance and one audience, and its secret is private', async () => {
  const token = await tokens.issue('a1', 'ams', 60)
  const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
  assert.equal(header, '{"alg":"HS256","typ":"JWT"}')
  assert.equal(JSON.parse(claims ?? '').sub, 'a1')
  const verdict = await tokens.verify(token, 'ams')
  assert.equal(verdict.ok && verdict.instance, 'a1')
  assert.equal(statSync(join(directory, 'a1.secret')).mode & 0o777, 0o600)
  assert.equal(secretOf('a1').length, 128)
})

test('it dies with the instance, and an instance made later under the same name does not revive it', async () => {
  const token = await tokens.issue('mortal', 'ams')
  const other = await tokens.issue('other', 'ams')
  assert.equal((await tokens.verify(token, 'ams')).ok, true)
  assert.equal(await tokens.revoke('mortal'), true)
  assert.equal((await tokens.verify(token, 'ams')).ok, false)
  const reborn = await tokens.issue('mortal', 'ams')
  assert.equal((await tokens.verify(token, 'ams')).ok, false)
  assert.equal((await tokens.verify(reborn, 'ams')).ok, true)
  assert.equal((await tokens.verify(other, 'ams')).ok, true)
  assert.equal(await tokens.revoke('nobody'), false)
})

test('a revocation by one process holds in another', async () => {
  const token = await tokens.issue('shared', 'agent')
  const second = await openInstanceTokens(directory)
  assert.equal((await second.verify(token, 'agent')).ok, true)
  await second.revoke('shared')
  assert.equal((await tokens.verify(token, 'agent')).ok, false)
})

test('an ended token and one for another audience are refused', async () => {
  const token = await tokens.issue('a1', 'ams', 60)
  assert.deepEqual(await tokens.verify(token, 'ams', new Date(Date.now() + 61_000)), {
    ok: false,
    reason: 'it has ended',
  })
  assert.deepEqual(await tokens.verify(token, 'agent'), { ok: false, reason: 'it is a token for "ams", not for agent' })
})

test('nothing forged is accepted: no other algorithm, no other instance, no changed octet, no path', async () => {
  const token = await tokens.issue('a1', 'ams', 60)
  await tokens.issue('a2', 'ams', 60)
  const claims = { iss: 'anbox-edge', sub: 'a1', aud: 'ams', exp: 4_000_000_000 }
  const HS256 = { alg: 'HS256', typ: 'JWT' }
  assert.equal((await tokens.verify(forge(HS256, claims, secretOf('a1')), 'ams')).ok, true)
  const forged = [
    forge(HS256, claims, secretOf('a2')),
    forge(HS256, claims, ''),
    forge({ alg: 'HS512', typ: 'JWT' }, claims, secretOf('a1'), 'sha512'),
    `${base64({ alg: 'none', typ: 'JWT' })}.${base64(claims)}.`,
    forge({ ...HS256, kid: '../../etc/passwd' }, claims, secretOf('a1')),
    forge(HS256, { ...claims, sub: '../x' }, secretOf('a1')),
    forge(HS256, { ...claims, exp: 'never' }, secretOf('a1')),
    forge(HS256, { ...claims, exp: undefined }, secretOf('a1')),
    forge(HS256, { ...claims, iss: 'other' }, secretOf('a1')),
    forge(HS256, [], secretOf('a1')),
    ...['', '.', '..', '...', 'a.b.c', `${token}.`, `${token}=`, `${token} `, 'x'.repeat(10_000)],
  ]
  for (const text of forged) assert.equal((await tokens.verify(text, 'ams')).ok, false, text)
  for (let at = 0; at < token.length; at++) {
    const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    assert.equal((await tokens.verify(changed, 'ams')).ok, false, `octet ${at}`)
  }
})

test('lists who has a secret, refuses names that are paths, and a directory open to others', async () => {
  assert.deepEqual(
    await tokens.list(),
    readdirSync(directory)
      .map((name) => name.replace('.secret', ''))
      .sort(),
  )
  for (const name of ['../a', '', 'a/b', 'a.b', '.']) await assert.rejects(tokens.issue(name, 'ams'), /is no instance/)
  const token = await tokens.issue('a1', 'ams')
  chmodSync(directory, 0o755)
  await assert.rejects(tokens.verify(token, 'ams'), { code: 'unsafe_directory' })
  await assert.rejects(openInstanceTokens(directory), { code: 'unsafe_directory' })
  chmodSync(directory, 0o700)
})
