// For the tests: client or server is killed at a random moment of an enrolment and of a renewal; then both go on.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Suite } from '@anbox/harness'
import { createAuthority, openAuthority, verifyChain } from '../index.ts'
import { Home } from './home.ts'
import { storesOf } from './server.ts'

type Task = { work: 'enrol' | 'renew'; options: Record<string, unknown> }
const here = (file: string) => JSON.stringify(join(import.meta.dirname, file))

// Both load everything first, so that the kills fall on the work and not on the start of Node.
const serverScript = `
  import { openAuthority } from ${here('../index.ts')}
  import { startEnrolmentServer } from ${here('server.ts')}
  import { buildCertificate } from ${here('../authority/certificate.ts')}
  await buildCertificate().catch(() => {})
  process.once('message', async ({ directory, certificate, key, port }) => {
    const authority = await openAuthority(directory)
    const server = await startEnrolmentServer({ authority, certificate, key, port, onError: console.error })
    process.send(server.port)
  })
  process.once('disconnect', () => process.exit())
  process.send('ready')`
const clientScript = `
  import { setTimeout as pause } from 'node:timers/promises'
  import { enrol, renew } from ${here('enrol.ts')}
  process.once('message', async ({ work, options }) => {
    for (;;) {
      try {
        await (work === 'enrol' ? enrol(options) : renew({ ...options, force: true }))
        process.send('done', () => process.disconnect())
        return
      } catch (error) {
        if (error.code !== 'enrolment_unavailable') throw error
        await pause(50)
      }
    }
  })
  process.once('disconnect', () => process.exit())
  process.send('ready')`

/** Registers the test with so many kills. */
export function testKills(test: Suite, kills: number): void {
  const base = mkdtempSync(join(tmpdir(), 'pki-enrolment-kill-'))
  const scripts = { server: join(base, 'server.mjs'), client: join(base, 'client.mjs') }
  writeFileSync(scripts.server, serverScript)
  writeFileSync(scripts.client, clientScript)
  const children = new Set<ChildProcess>()
  test.after(async () => {
    for (const child of children) await kill(child)
    rmSync(base, { recursive: true })
  })

  /** A process that has loaded its code and waits for its task. */
  async function ready(script: string): Promise<ChildProcess> {
    const child = fork(script, { execArgv: ['--disable-warning=ExperimentalWarning'] })
    children.add(child)
    child.once('exit', () => children.delete(child))
    await once(child, 'message')
    return child
  }

  test(`${kills} times SIGKILL: always enrolled, one certificate each`, {
    timeout: 60_000 + kills * 6_000,
  }, async () => {
    const directory = join(base, 'pki')
    const authority = await createAuthority(directory, { key: 'ecdsa-p256' })
    const { tokens, machines } = storesOf(authority)
    const names = { dns: ['localhost'], ip: ['127.0.0.1'] }
    const { certificate, key } = await authority.issue({ kind: 'server', name: 'est', ...names })

    let port = 0
    const serve = async (child: ChildProcess) => {
      child.send({ directory, certificate, key, port })
      const [answer] = (await once(child, 'message')) as [number]
      port = answer
      return child
    }
    let server = await serve(await ready(scripts.server))

    /** How long a task takes that nobody disturbs. */
    const timed = async (task: Task) => {
      const client = await ready(scripts.client)
      const started = performance.now()
      await finish(client, task)
      return performance.now() - started
    }
    const disturb = async (task: Task, victim: 'client' | 'server', afterMs: number) => {
      const [client, spare] = await Promise.all([ready(scripts.client), ready(scripts[victim])])
      const finished = finish(client, task)
      await pause(afterMs)
      const state = () => seen(directory, String(task.options.directory))
      if (victim === 'client') {
        await kill(client)
        states.add(state())
        await finished.catch(() => {})
        await finish(spare, task)
      } else {
        await kill(server)
        states.add(state())
        server = await serve(spare)
        await finished
      }
    }

    const states = new Set<string>()
    const machine = async (name: string) => {
      const { token } = await tokens.create({ name })
      const options = { directory: join(base, name), key: 'ecdsa-p256' }
      return { options: { ...options, url: `https://localhost:${port}`, token, ca: authority.rootCertificate } }
    }
    const first = await machine('usual')
    const usual = { enrol: await timed({ work: 'enrol', ...first }), renew: await timed({ work: 'renew', ...first }) }

    for (let round = 0; round < kills / 2; round += 1) {
      const name = `m${round}`
      const { options } = await machine(name)
      for (const [index, work] of (['enrol', 'renew'] as const).entries()) {
        const victim = Math.random() < 0.5 ? 'client' : 'server'
        const afterMs = ((round + Math.random()) / (kills / 2)) * usual[work] * 1.1
        await disturb({ work, options }, victim, afterMs)
        const said = `${work}, ${victim} killed after ${afterMs.toFixed()} of ${usual[work].toFixed()} ms`
        await check(name, index + 1, options.directory, said)
      }
    }
    const audit = await (await openAuthority(directory)).verifyAudit()
    assert.deepEqual(audit.problems, [])
    assert.ok(states.size >= Math.min(4, kills / 4), `the kills fell into ${states.size} states only`)

    /** What must be true of a machine that asked for so many certificates. A killed renewal may have come to its end. */
    async function check(name: string, certificates: number, home: string, said: string): Promise<void> {
      const found = await new Home(home).load()
      assert.ok(found, said)
      const { credential, paths } = found
      assert.deepEqual(await verifyChain({ ...credential, purpose: 'client' }), { ok: true }, said)
      const issued = (await (await openAuthority(directory)).list()).filter((one) => one.name === name)
      const generation = await machines.latest(name)
      assert.ok(generation && generation.number >= certificates, said)
      assert.ok(generation.number <= certificates + (certificates > 1 ? 1 : 0), said)
      assert.equal(issued.length, generation.number, `${said}: a certificate that no generation has`)
      assert.equal(issued.filter(({ serial }) => serial === credential.serial).length, 1, said)
      assert.equal(generation.serial, credential.serial, `${said}: another certificate than the last one`)
      if (certificates === 1) assert.equal(issued.length, 1, `${said}: ${issued.length} under one token`)
      assert.ok(!existsSync(join(home, 'pending.key')) && !existsSync(join(home, 'current.new')), said)
      assert.equal(statSync(paths.key).mode & 0o777, 0o600)
      assert.equal(statSync(home).mode & 0o777, 0o700)
    }
  })

  async function finish(client: ChildProcess, task: Task): Promise<void> {
    const ended = once(client, 'exit')
    client.send(task)
    const [code] = (await ended) as [number | null]
    if (code !== 0) throw new Error(`a client ended with ${code}`)
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}

/** How far both had come: what there was of each. */
function seen(directory: string, home: string): string {
  const name = home.slice(home.lastIndexOf('/') + 1)
  const count = (path: string) => (existsSync(path) ? readdirSync(path).length : 0)
  return [
    count(join(directory, 'enrolment/tokens')) % 2,
    count(join(directory, 'enrolment/machines', name)),
    count(join(directory, 'agents/issued')) - count(join(directory, 'enrolment/machines')),
    existsSync(join(home, 'pending.key')),
    count(join(home, 'certificates')),
    existsSync(join(home, 'current')),
  ].join(' ')
}
