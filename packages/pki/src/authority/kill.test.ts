// A process that creates an authority and a credential is killed at a random moment, thirty times; another one goes on.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { createAuthority, ensureCredential, openAuthority, purposes, verifyChain } from '../index.ts'

const test = suite('SIGKILL', { timeout: 240_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-kill-'))
test.after(() => rmSync(directory, { recursive: true }))
const kills = 30
const request = { kind: 'server', name: 'edge', dns: ['edge.example'] } as const

// Loads everything first, so that the kills fall on the work and not on the start of Node.
const worker = join(directory, 'worker.mjs')
writeFileSync(
  worker,
  `import { createAuthority, ensureCredential } from ${JSON.stringify(join(import.meta.dirname, '../index.ts'))}
   import { buildCertificate } from ${JSON.stringify(join(import.meta.dirname, 'certificate.ts'))}
   await buildCertificate().catch(() => {})
   process.once('message', async ({ pki, out, replace }) => {
     const authority = await createAuthority(pki, { key: 'ecdsa-p256' })
     await ensureCredential(authority, out, ${JSON.stringify(request)}, { replace })
     process.send('done', () => process.disconnect())
   })
   process.send('ready')`,
)

async function ready(): Promise<ChildProcess> {
  const child = fork(worker, { execArgv: ['--disable-warning=ExperimentalWarning'] })
  await once(child, 'message')
  return child
}

/** Lets a worker work for some milliseconds, or to its end; says how long it took if it came there. */
async function work(
  given: { pki: string; out: string; replace?: boolean },
  milliseconds?: number,
): Promise<number | undefined> {
  const child = await ready()
  const ended = once(child, 'exit')
  const started = performance.now()
  let took: number | undefined
  child.once('message', () => {
    took = performance.now() - started
  })
  child.send(given)
  if (milliseconds !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    child.kill('SIGKILL')
  }
  await ended
  return took
}

function contents(root: string): Map<string, string> {
  const files = globSync('**', { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map((entry) => join(entry.parentPath, entry.name)).map((path) => [path, readFileSync(path, 'utf8')]),
  )
}
const isTemporary = (path: string) => path.endsWith('.tmp')

/** What must be true of a base directory after somebody has gone on with it. Gives the certificates on record. */
async function check(base: string, before: Map<string, string>, replaced: boolean): Promise<number> {
  for (const path of before.keys()) if (isTemporary(path)) utimesSync(path, new Date(0), new Date(0))
  const { pki, out } = { pki: join(base, 'pki'), out: join(base, 'out') }
  const authority = await createAuthority(pki, { key: 'ecdsa-p256' })
  const { credential } = await ensureCredential(authority, out, request)
  assert.deepEqual(await verifyChain({ ...credential, purpose: 'server', name: 'edge.example' }), { ok: true })
  const after = contents(base)
  for (const [path, text] of before) {
    // Of a replacement only the certificate may still be behind its key.
    const behind = replaced && path.endsWith('edge.crt')
    if (!isTemporary(path) && !behind && !/audit\.(log|seal)$/.test(path))
      assert.equal(after.get(path), text, `${path} was changed`)
  }
  assert.deepEqual((await authority.verifyAudit()).problems, [])
  for (const [path, text] of before) {
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (path.endsWith('audit.log')) assert.ok(after.get(path)?.startsWith(whole), 'the audit log was changed')
  }
  const issued = (await (await openAuthority(pki)).list()).length
  const names = [...after.keys()]
    .map((path) => path.slice(base.length + 1))
    .filter((path) => !path.includes('/issued/'))
  const own = ['authority.json', 'audit.key', 'audit.log', 'audit.seal', 'lock'].map((name) => `pki/${name}`)
  const ca = ['ca.crt', 'ca.key'].flatMap((name) => ['root', ...purposes].map((one) => `pki/${one}/${name}`))
  assert.deepEqual(names.sort(), [...ca, ...own, 'out/ca.crt', 'out/edge.crt', 'out/edge.key'].sort())
  for (const path of after.keys()) if (path.endsWith('.key')) assert.equal(statSync(path).mode & 0o777, 0o600)
  return issued
}

test('created and issued: always one authority, one key, one certificate', async () => {
  const usual = (await work({ pki: join(directory, 'usual/pki'), out: join(directory, 'usual/out') })) ?? 0
  assert.ok(usual > 0)
  const states = new Set<number>()
  for (let round = 0; round < kills; round += 1) {
    const base = join(directory, `round-${round}`)
    const delay = Math.random() * usual * 1.1
    await work({ pki: join(base, 'pki'), out: join(base, 'out') }, delay)
    const before = contents(base)
    states.add(before.size)
    assert.equal(await check(base, before, false), 1, `after ${delay} of ${usual} ms`)
  }
  assert.ok(states.size >= 3, `the kills fell into ${states.size} states only`)
})

test('replaced: always a key with a certificate that fits it', async () => {
  const base = join(directory, 'replaced')
  const given = { pki: join(base, 'pki'), out: join(base, 'out'), replace: true }
  await work(given)
  const usual = (await work(given)) ?? 0
  assert.ok(usual > 0)
  for (let round = 0; round < kills; round += 1) {
    await work(given, Math.random() * usual * 1.1)
    await check(base, contents(base), true)
  }
})
