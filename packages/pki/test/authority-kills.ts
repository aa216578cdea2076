// A process that works on an authority is killed at a random moment, many times; another one goes on.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyFromPem } from '../src/authority/key.ts'
import {
  createAuthority,
  ensureCredential,
  openAuthority,
  purposes,
  restoreAuthority,
  verifyChain,
} from '../src/index.ts'

const directory = mkdtempSync(join(tmpdir(), 'pki-kill-'))
/** To be called when all rounds are over. */
export function end(): void {
  rmSync(directory, { recursive: true })
}
const source = join(import.meta.dirname, '../src')
const request = { kind: 'server', name: 'edge', dns: ['edge.example'] } as const

// Loads everything first, so that the kills fall on the work and not on the start of Node.
const worker = join(directory, 'worker.mjs')
writeFileSync(
  worker,
  `import { createAuthority, ensureCredential } from ${JSON.stringify(join(source, 'index.ts'))}
   import { buildCertificate } from ${JSON.stringify(join(source, 'authority/certificate.ts'))}
   await buildCertificate().catch(() => {})
   process.once('message', async ({ pki, out, replace }) => {
     const authority = await createAuthority(pki, { key: 'ecdsa-p256' })
     await ensureCredential(authority, out, ${JSON.stringify(request)}, { replace })
     process.send('done', () => process.disconnect())
   })
   process.send('ready')`,
)

async function ready(script = worker): Promise<ChildProcess> {
  const child = fork(script, { execArgv: ['--disable-warning=ExperimentalWarning'] })
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

/** Created and issued: always one authority, one key, one certificate. */
export async function created(kills: number): Promise<void> {
  let usual = (await work({ pki: join(directory, 'usual/pki'), out: join(directory, 'usual/out') })) ?? 0
  assert.ok(usual > 0)
  const states = new Set<number>()
  for (let round = 0; round < kills; round += 1) {
    const base = join(directory, `round-${round}`)
    // A kill in each part of the time, which is what the last whole run took: the machine may be busier now.
    const delay = ((round + Math.random()) / kills) * usual * 1.1
    usual = (await work({ pki: join(base, 'pki'), out: join(base, 'out') }, delay)) ?? usual
    const before = contents(base)
    states.add(before.size)
    assert.equal(await check(base, before, false), 1, `after ${delay} of ${usual} ms`)
  }
  assert.ok(states.size >= Math.min(3, 1 + kills / 5), `the kills fell into ${states.size} states only`)
}

/** Replaced: always a key with a certificate that fits it. */
export async function replaced(kills: number): Promise<void> {
  const base = join(directory, 'replaced')
  const given = { pki: join(base, 'pki'), out: join(base, 'out'), replace: true }
  await work(given)
  const usual = (await work(given)) ?? 0
  assert.ok(usual > 0)
  for (let round = 0; round < kills; round += 1) {
    await work(given, Math.random() * usual * 1.1)
    await check(base, contents(base), true)
  }
}

// Says what it has done after each step: that must stand, whatever happens to it then.
const busy = join(directory, 'busy.mjs')
writeFileSync(
  busy,
  `import { backupAuthority, openAuthority } from ${JSON.stringify(join(source, 'index.ts'))}
   process.once('message', async ({ pki, backup, keeper }) => {
     const authority = await openAuthority(pki)
     for (;;) {
       const [kept, gone] = await Promise.all(
         ['kept', 'gone'].map((name) => authority.issue({ kind: 'client', name, purpose: 'agents', key: 'ecdsa-p256' })),
       )
       process.send({ issued: [kept.serial, gone.serial] })
       await authority.revoke(gone.serial)
       process.send({ revoked: gone.fingerprint })
       await backupAuthority(authority, backup, { certificate: keeper }, { replace: true })
       process.send({ backedUp: [kept.serial, gone.serial] })
     }
   })
   process.send('ready')`,
)

type Said = { issued?: string[]; revoked?: string; backedUp?: string[] }

/** Issued, revoked, listed and backed up: what was said to be done is done, and the log and the backup are whole. */
export async function worked(kills: number): Promise<void> {
  const [pki, backup] = [join(directory, 'busy'), join(directory, 'busy.backup')]
  const first = await createAuthority(pki, { key: 'ecdsa-p256' })
  const keeper = await first.issue({ kind: 'client', name: 'keeper' })
  const issued = new Set<string>()
  const revoked = new Set<string>()
  let backedUp: string[] = []
  let number = 0
  /** Milliseconds until the first backup is made. */
  let usual = 0
  for (let round = 0; round <= kills; round += 1) {
    const child = await ready(busy)
    const started = performance.now()
    const { promise: whole, resolve } = Promise.withResolvers<void>()
    const ended = once(child, 'exit')
    child.on('message', (said: Said) => {
      for (const serial of said.issued ?? []) issued.add(serial)
      if (said.revoked) revoked.add(said.revoked)
      backedUp = said.backedUp ?? backedUp
      if (said.backedUp) resolve()
    })
    child.send({ pki, backup, keeper: keeper.certificate })
    if (round === 0) await whole
    else await new Promise((resolve) => setTimeout(resolve, Math.random() * 1.5 * usual))
    if (round === 0) usual = performance.now() - started
    child.kill('SIGKILL')
    await ended

    const authority = await createAuthority(pki)
    assert.deepEqual((await authority.verifyAudit()).problems, [])
    const serials = (await authority.list()).map(({ serial }) => serial)
    assert.equal(new Set(serials).size, serials.length)
    for (const serial of issued) assert.ok(serials.includes(serial), `${serial} is not on record`)
    for (const fingerprint of revoked) assert.ok(await authority.isRevoked(fingerprint))
    const crl = await authority.crlDetails('agents')
    assert.ok(crl.number > number && crl.revoked >= revoked.size)
    number = crl.number
    if (backedUp.length === 0) continue
    const target = join(directory, `restored-${round}`)
    const restored = await restoreAuthority(backup, target, { key: keyFromPem(keeper.key) })
    const kept = (await restored.list()).map(({ serial }) => serial)
    for (const serial of backedUp) assert.ok(kept.includes(serial), `${serial} is not in the backup`)
    rmSync(target, { recursive: true })
  }
  assert.ok(issued.size > 0 && revoked.size > 0 && backedUp.length > 0, 'nothing was ever done')
}
