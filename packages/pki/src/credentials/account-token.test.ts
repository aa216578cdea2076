import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { suite } from '@anbox/harness'
import { mintAccountToken, verifyAccountToken } from './account-token.ts'
import { decodeMacaroon, encodeMacaroon, signMacaroon } from './macaroon.ts'
import { makeSecret } from './secret.ts'

const test = suite('gateway account tokens')
const secret = makeSecret()
const expires = new Date('2050-06-23T09:32:19Z')
const token = mintAccountToken(secret, { account: 'my-client', expires })
const verify = (text: string, secrets = [secret], now?: Date) =>
  verifyAccountToken(text, { secrets, isAccount: (account) => account === 'my-client', now })
const reason = (verdict: ReturnType<typeof verify>) => (verdict.ok ? 'accepted' : verdict.reason)
const signed = (caveats: string[], identifier = 'my-client', location = 'anbox-stream-gateway') => {
  const content = { location, identifier, caveats }
  return encodeMacaroon({ ...content, signature: signMacaroon(secret, content) })
}

/** Debian's python3-pymacaroons, an implementation by others. */
function pymacaroons(script: string, ...lines: string[]): string {
  // Not the first python3 of the PATH, which may be one without Debian's packages.
  return execFileSync('/usr/bin/python3', ['-c', `import sys\nfrom pymacaroons import *\n${script}`], {
    input: lines.join('\n'),
  })
    .toString()
    .trim()
}

test('a token is base64url without padding, and begins as the published ones do', () => {
  assert.match(token, /^AgEUYW5ib3gtc3RyZWFtLWdhdGV3YXk[A-Za-z0-9_-]+$/)
  assert.deepEqual(verify(token), { ok: true, account: 'my-client', expires })
})

test('the parts of the published sample are read, and written back to the letter', () => {
  const sample =
    'AgEUYW5ib3gtc3RyZWFtLWdhdGV3YXkCBGFzZGYAAhkyMDIwLTA2LTIzVDA5OjMyOjE5KzAyOjAwAAAGIDcZMdTrdNdJB6kzjoXyx1_T6s8-0C1AQSyzaA_GHLYQ'
  const read = decodeMacaroon(sample)
  assert.deepEqual(
    { ...read, signature: read?.signature.length },
    { location: 'anbox-stream-gateway', identifier: 'asdf', caveats: ['2020-06-23T09:32:19+02:00'], signature: 32 },
  )
  assert.equal(read && encodeMacaroon(read), sample)
})

test('pymacaroons accepts ours, byte for byte the same as its own', () => {
  const script = `
token, secret = sys.stdin.read().split()
m = Macaroon.deserialize(token)
v = Verifier()
v.satisfy_general(lambda caveat: caveat == '2050-06-23T09:32:19Z')
assert v.verify(m, secret)
o = Macaroon(location='anbox-stream-gateway', identifier='my-client', key=secret, version=MACAROON_V2)
o.add_first_party_caveat('2050-06-23T09:32:19Z')
print(o.serialize())`
  assert.equal(pymacaroons(script, token, secret), token)
})

test('a holder can narrow a token, also with pymacaroons, and not widen it', () => {
  const script = `
token, caveat = sys.stdin.read().split('\\n')
m = Macaroon.deserialize(token)
m.add_first_party_caveat(caveat)
print(m.serialize())`
  const narrowed = pymacaroons(script, token, '2040-01-01T00:00:00+01:00')
  assert.deepEqual(verify(narrowed), { ok: true, account: 'my-client', expires: new Date('2039-12-31T23:00:00Z') })
  const widened = pymacaroons(script, token, '2090-01-01T00:00:00Z')
  assert.deepEqual(verify(widened), { ok: true, account: 'my-client', expires })
  assert.match(reason(verify(pymacaroons(script, token, 'account = admin'))), /something else/)
})

test('an ended token, one of a removed account, of another secret or of another place is refused, with the reason', () => {
  assert.match(reason(verify(token, [secret], expires)), /ended on 2050-06-23/)
  assert.match(reason(verify(token, [makeSecret()])), /another secret/)
  assert.match(reason(verify(signed(['2050-01-01T00:00:00Z'], 'removed'))), /no account "removed"/)
  assert.match(reason(verify(signed(['2050-01-01T00:00:00Z'], 'my-client', 'elsewhere'))), /not a token/)
  for (const caveats of [[], ['soon'], ['2050-01-01'], ['2050-01-01T00:00:00Z', ''], ['2050-99-01T00:00:00Z']])
    assert.match(reason(verify(signed(caveats))), /something else/, JSON.stringify(caveats))
})

test('while the secret is rotated, tokens of both are good', () => {
  const next = makeSecret()
  assert.equal(verify(token, [next, secret]).ok, true)
  assert.equal(verify(mintAccountToken(next, { account: 'my-client', expires }), [next, secret]).ok, true)
})

test('no changed octet, cut or appended text is accepted, and none of them throws', () => {
  for (let at = 0; at < token.length; at++) {
    const other = token[at] === 'A' ? 'B' : 'A'
    assert.equal(verify(token.slice(0, at) + other + token.slice(at + 1)).ok, false, `octet ${at}`)
    assert.equal(verify(token.slice(0, at)).ok, false, `cut at ${at}`)
  }
  for (const text of [`${token}A`, `${token}=`, ` ${token}`, '', 'Ag', '\0', 'A'.repeat(5000), token + token])
    assert.equal(verify(text).ok, false)
})

test('an account or a time that cannot be, and a short secret, are refused without repeating the secret', () => {
  assert.throws(() => mintAccountToken(secret, { account: 'a b', expires }), { code: 'invalid_request' })
  assert.throws(() => mintAccountToken(secret, { account: 'a', expires: new Date(0) }), /in the future/)
  assert.throws(
    () => mintAccountToken('hunter2', { account: 'a', expires }),
    (error: Error) => /at least 16/.test(error.message) && !error.message.includes('hunter2'),
  )
  assert.throws(() => verify(token, []), /no gateway secret/)
})
