// NIST's path validation vectors (PKITS), as Debian packages them: what must be refused, verifyChain refuses.
//
// Each vector is a signed message that holds a path (without the trust anchor) and the revocation lists that belong to it.
// Its name says what must become of it; the few whose names do not are listed here. All are judged with PKITS's default
// settings (any policy, none required), because verifyChain knows no others.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from '@anbox/harness'
import { type Verdict, verifyChain } from '@anbox/pki'

const test = suite('PKITS', { timeout: 300_000 })
const folder = '/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data'
const names = readdirSync(join(folder, 'smime')).map((file) => file.replace(/^Signed|\.eml$/g, ''))
const anchor = new X509Certificate(readFileSync(join(folder, 'certs/TrustAnchorRootCertificate.crt'))).toString()
/** A time at which all vectors are meant to be judged, whatever this machine's clock says. */
const at = new Date('2025-01-01T00:00:00Z')
const directory = mkdtempSync(join(tmpdir(), 'pki-pkits-'))
test.after(() => rmSync(directory, { recursive: true }))
const run = promisify(execFile)

/** Whose names do not say what is expected: these must be refused, because a CA in the path requires a policy. */
const policyMissing = [4, 5, 7, 8, 9, 12].map((number) => `DifferentPoliciesTest${number}`)
const mustRefuse = (name: string) => /^(Invalid|Missing)/.test(name) || policyMissing.includes(name)
/** What might be accepted, and our stricter rules or OpenSSL do not. */
const stricter: Record<string, RegExp> = {
  // DSA keys of 1024 bits: below the 112 bits of security that we ask for.
  ValidDSASignaturesTest4: /key too weak/,
  ValidDSAParameterInheritanceTest5: /key too weak/,
  // A CA whose basic constraints are not critical: RFC 5280 says MUST, and so does -x509_strict.
  ValidbasicConstraintsNotCriticalTest4: /not marked critical/,
  // The list that names the list's own signer is signed by that signer; OpenSSL does not go in such circles.
  ValidcRLIssuerTest30: /CRL path validation error/,
}

async function judge(name: string, lists?: string[]): Promise<Verdict> {
  const message = join(folder, 'smime', `Signed${name}.eml`)
  const { stdout: pkcs7 } = await run('openssl', ['smime', '-pk7out', '-in', message])
  const opened = run('openssl', ['pkcs7', '-print_certs'])
  opened.child.stdin?.end(pkcs7)
  const { stdout } = await opened
  const pems = stdout.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const crls: string[] = lists ?? stdout.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? []
  // Who signed the message is whom it is about; that one is a CA in a single vector.
  const signer = join(directory, name)
  await run('openssl', [
    'smime',
    '-verify',
    '-noverify',
    '-nosigs',
    '-in',
    message,
    '-signer',
    signer,
    '-out',
    '/dev/null',
  ])
  const leaf = new X509Certificate(readFileSync(signer)).toString()
  const rest = pems.map((pem) => `${pem}\n`).filter((pem) => pem !== leaf)
  assert.equal(rest.length, pems.length - 1, name)
  const certificate = [leaf, ...rest].join('')
  return verifyChain({ certificate, root: anchor, purpose: 'client', crls, crlScope: 'chain', at })
}

const verdicts = new Map<string, Verdict>()
test.before(
  async () => {
    const waiting = [...names]
    const work = async () => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) verdicts.set(name, await judge(name))
    }
    await Promise.all(Array.from({ length: availableParallelism() }, work))
  },
  { timeout: 300_000 },
)

test('nothing that must be refused is accepted', () => {
  const refuse = names.filter(mustRefuse)
  assert.ok(refuse.length >= 120, `only ${refuse.length} vectors`)
  assert.deepEqual(
    refuse.filter((name) => verdicts.get(name)?.ok !== false),
    [],
  )
})

test('all else is accepted, but for what our rules are stricter in', () => {
  const accept = names.filter((name) => !mustRefuse(name))
  assert.ok(accept.length >= 90, `only ${accept.length} vectors`)
  const refused = accept.filter((name) => !verdicts.get(name)?.ok)
  assert.deepEqual(refused.sort(), Object.keys(stricter).sort())
  for (const [name, reason] of Object.entries(stricter)) {
    const verdict = verdicts.get(name)
    assert.ok(verdict?.ok === false)
    assert.match(verdict.reason, reason, name)
  }
  const refuse = names.length - accept.length
  console.log(
    `\n  PKITS: ${refuse} of ${refuse} that must be refused were; ${accept.length - refused.length} of ${accept.length} others accepted, not ${refused.join(', ')}`,
  )
})

test('without their lists, paths are not accepted either', async () => {
  const name = 'ValidSignaturesTest1'
  assert.deepEqual(verdicts.get(name), { ok: true })
  const verdict = await judge(name, [])
  assert.ok(!verdict.ok)
  assert.match(verdict.reason, /unable to get certificate CRL/)
})
