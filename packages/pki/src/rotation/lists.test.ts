// While an intermediate is changed, and until the leaves of the old one have ended, whoever demands a list of a leaf's
// issuer finds one. OpenSSL judges (-crl_check).
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { Deployment, fastFolder } from '../../test/deployment.ts'
import { type Authority, type Credential, openAuthority, verifyChain } from '../index.ts'
import { openRotation, planRotation } from './begin.ts'
import type { Rotation } from './rotation.ts'
import type { Status } from './status.ts'

const test = suite('rotation: revocation lists', { timeout: 60_000 })
const directory = mkdtempSync(join(fastFolder, 'pki-lists-'))
test.after(() => rmSync(directory, { recursive: true }))

const issue = (authority: Authority, name: string, more = {}) => authority.issue({ kind: 'client', name, ...more })

async function begin(subject: { revoke?: boolean } = {}) {
  const deployment = await Deployment.make(mkdtempSync(join(directory, 'pki-')))
  const rotation = openRotation(deployment.pki)
  const plan = planRotation({ kind: 'intermediate', purpose: 'control', revoke: false, ...subject }, [])
  return { pki: deployment.pki, rotation, plan }
}

/** What OpenSSL says of a client, with the lists and the intermediates that the authority hands out. */
async function verdictOn({ certificate }: Credential, authority: Authority, crl?: string): Promise<string> {
  const [leaf = ''] = /-----BEGIN[^-]+-----[^-]+-----END CERTIFICATE-----\n/.exec(certificate) ?? []
  const verdict = await verifyChain({
    certificate: leaf + (await authority.issuers('control')),
    root: authority.anchors,
    purpose: 'client',
    crls: [crl ?? (await authority.crl('control'))],
  })
  return verdict.ok ? 'ok' : verdict.reason
}

const listsIn = (pem: string) => pem.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g) ?? []
const read = (list: string) =>
  execFileSync('openssl', ['crl', '-noout', '-issuer', '-crlnumber'], { input: list, encoding: 'utf8' })

/** The numbers of each issuer, as they were seen in crl.pem. */
class Numbers {
  readonly #last = new Map<string, number>()

  see(pki: string): number {
    const lists = listsIn(readFileSync(join(pki, 'control/crl.pem'), 'utf8')).map(read)
    for (const said of lists) {
      const issuer = /issuer=(.*)/.exec(said)?.[1] ?? ''
      const number = Number.parseInt(/crlNumber=(?:0x)?([0-9A-F]+)/i.exec(said)?.[1] ?? '', 16)
      assert.ok(number > (this.#last.get(issuer) ?? 0), `${issuer}: ${number}`)
      this.#last.set(issuer, number)
    }
    return lists.length
  }
}

async function toTheEnd(rotation: Rotation, first: Status, look: (status: Status) => Promise<void>): Promise<void> {
  for (let status = first; ; status = await rotation.next()) {
    await look(status)
    if (status.ended) return
  }
}

test('in every phase, forward and back, leaves of both are good, and revoked ones of both are refused', async () => {
  const { pki, rotation, plan } = await begin()
  const numbers = new Numbers()
  const leaves: Credential[] = []
  const gone: Credential[] = []
  const look = async ({ stage, direction }: Status) => {
    const authority = await openAuthority(pki)
    const [kept, lost] = [await issue(authority, `kept-${leaves.length}`), await issue(authority, 'lost')]
    await authority.revoke(lost.serial, 'keyCompromise')
    leaves.push(kept)
    gone.push(lost)
    assert.equal(numbers.see(pki), 2, `${stage} ${direction}`)
    for (const leaf of leaves) assert.equal(await verdictOn(leaf, authority), 'ok', `${stage} ${direction}`)
    for (const leaf of gone) assert.equal(await verdictOn(leaf, authority), 'certificate revoked')
    // The first list alone, for servers that read no more and look at serials only.
    const [first = ''] = listsIn(await authority.crl('control'))
    const named = execFileSync('openssl', ['crl', '-noout', '-text'], { input: first, encoding: 'utf8' })
    for (const { serial } of gone) assert.ok(named.includes(serial.toUpperCase()))
  }
  const before = await openAuthority(pki)
  leaves.push(await issue(before, 'before'))
  gone.push(await issue(before, 'before-lost'))
  await before.revoke(gone[0]?.serial ?? '')
  assert.equal(numbers.see(pki), 1)

  let status = await rotation.begin(plan)
  for (; status.stage !== 'reissue'; status = await rotation.next()) await look(status)
  // Given up: the new one has signed for others than the plan's consumers, whose leaves live on.
  await toTheEnd(rotation, await rotation.abort(), look)
  // And once more, to the end: now three have leaves.
  const third = async (now: Status) => {
    const authority = await openAuthority(pki)
    leaves.push(await issue(authority, `again-${leaves.length}`))
    assert.equal(numbers.see(pki), 3, now.stage)
    for (const leaf of leaves) assert.equal(await verdictOn(leaf, authority), 'ok', now.stage)
    for (const leaf of gone) assert.equal(await verdictOn(leaf, authority), 'certificate revoked')
    await authority.crl('control', { renew: true })
  }
  await toTheEnd(rotation, await rotation.begin(plan), third)
})

test('a retired intermediate signs its list until its last leaf has ended, and no longer', async () => {
  const { pki, rotation, plan } = await begin()
  const end = new Date(Date.now() + 6_000)
  const all = (await openAuthority(pki)).list()
  const short = await issue(await openAuthority(pki), 'short', { notAfter: end })
  for (const { serial, purpose, name } of await all)
    if (purpose === 'control' && name !== 'short') rmSync(join(pki, 'control/issued', `${serial}.crt`))
  await toTheEnd(rotation, await rotation.begin(plan), async () => {})
  const authority = await openAuthority(pki)
  assert.equal(listsIn(await authority.crl('control')).length, 2)
  assert.equal(await verdictOn(short, authority), 'ok')
  await new Promise((resolve) => setTimeout(resolve, end.getTime() + 1_000 - Date.now()))
  const later = await authority.crl('control', { renew: true })
  assert.equal(listsIn(later).length, 1)
  assert.equal(await verdictOn(await issue(authority, 'fresh'), authority, later), 'ok')
})

test('where the rotation revokes what the old one signed, its list says so', async () => {
  const { pki, rotation, plan } = await begin({ revoke: true })
  const old = await issue(await openAuthority(pki), 'old')
  await toTheEnd(rotation, await rotation.begin(plan), async () => {})
  const authority = await openAuthority(pki)
  assert.equal(await verdictOn(old, authority), 'certificate revoked')
  assert.equal(await verdictOn(await issue(authority, 'new'), authority), 'ok')
})

test('an abort keeps nothing of an intermediate that nobody has a leaf of', async () => {
  const { pki, rotation, plan } = await begin()
  await rotation.begin(plan)
  await toTheEnd(rotation, await rotation.abort(), async () => {})
  assert.ok(!readdirSync(pki).includes('retired'))
  assert.equal(listsIn(await (await openAuthority(pki)).crl('control')).length, 1)
})
