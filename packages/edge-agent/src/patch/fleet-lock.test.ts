import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { createAuthority } from '@anbox/pki'
import { FleetLock } from './fleet-lock.ts'
import { policyOf } from './policy.fixture.ts'

const test = suite('patch: FleetLock')
const folder = mkdtempSync(join(tmpdir(), 'fleet-lock-'))
test.after(() => rmSync(folder, { recursive: true }))
const never = new AbortController().signal

test('the protocol as its servers want it, over verified TLS; a refusal is told apart from a server that is away', async () => {
  const authority = await createAuthority(join(folder, 'pki'), { key: 'ecdsa-p256' })
  const issued = await authority.issue({
    kind: 'server',
    name: 'lock',
    dns: ['localhost'],
    ip: ['127.0.0.1'],
    key: 'ecdsa-p256',
  })
  writeFileSync(join(folder, 'ca.crt'), authority.rootCertificate)
  const seen: unknown[] = []
  const answers = [
    [200, ''],
    [409, '{"kind":"failed_lock_semaphore_full","value":"semaphore currently full"}'],
    [502, 'bad gateway'],
    [200, ''],
  ] as const
  const server = createServer({ cert: issued.certificate, key: issued.key }, async (request, answer) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const [status, body] = answers[seen.length] ?? [500, '']
    seen.push([request.method, request.url, request.headers['fleet-lock-protocol'], JSON.parse(text)])
    answer.writeHead(status).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const lockUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const lock = new FleetLock(policyOf({ lockUrl, lockGroup: 'edge', lockCa: join(folder, 'ca.crt') }), 'box')
  try {
    assert.equal(await lock.lock(never), 'granted')
    assert.deepEqual(await lock.lock(never), { refused: 'failed_lock_semaphore_full: semaphore currently full' })
    assert.deepEqual(await lock.lock(never), { unreachable: 'it answered 502' })
    assert.equal(await lock.release(never), 'granted')
    const body = { client_params: { id: 'box', group: 'edge' } }
    assert.deepEqual(seen, [
      ...Array(3).fill(['POST', '/v1/pre-reboot', 'true', body]),
      ['POST', '/v1/steady-state', 'true', body],
    ])
    // Another CA is nobody's server.
    const strange = new FleetLock(policyOf({ lockUrl }), 'box')
    const answer = await strange.lock(never)
    assert.ok(typeof answer === 'object' && 'unreachable' in answer)
    assert.equal(seen.length, 4)
  } finally {
    server.close()
  }
  const gone = await lock.lock(never)
  assert.ok(typeof gone === 'object' && 'unreachable' in gone && /ECONNREFUSED/.test(gone.unreachable))
})

test('without a server there is nobody to ask', async () => {
  assert.equal(await new FleetLock(policyOf(), 'box').lock(never), 'granted')
})
