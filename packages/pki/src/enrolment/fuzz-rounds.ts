// For the tests: a server in a process of its own gets so many broken requests. It answers each within a second, never with
// a certificate for another key than the one that asked, does not end, and does not grow.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { type KeyObject, sign, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect as connectPlain, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'node:tls'
import type { Suite } from '@anbox/harness'
import { element, sequence } from '../authority/der.ts'
import { makeKey } from '../authority/key.ts'
import { createAuthority, openAuthority } from '../index.ts'
import { writeCsr } from './csr.ts'
import { DerError, partsOf, readDer, tags } from './der.ts'
import { flip, mutate, pick, type Random, randomFrom } from './fuzz-mutate.ts'
import { namesIn } from './names.ts'
import { readCertificates, writeCertificates } from './pkcs7.ts'
import { storesOf } from './server.ts'

const slowMs = 1_000
const atOnce = 6
/** What the server's heap may be: one that grows for ever ends it. What is outside of the heap is measured. */
const heapMiB = 64
const mostGrowthMiB = 64

const here = (file: string) => JSON.stringify(join(import.meta.dirname, file))
const serverScript = `
  import { openAuthority } from ${here('../index.ts')}
  import { startEnrolmentServer } from ${here('server.ts')}
  process.once('message', async ({ directory, certificate, key }) => {
    const authority = await openAuthority(directory)
    const onError = (error) => process.send({ failed: String(error?.stack ?? error) })
    const server = await startEnrolmentServer({ authority, certificate, key, onError })
    process.send({ port: server.port })
  })
  process.once('disconnect', () => process.exit())`

/** What one input did: an HTTP status, or nothing when the connection ended without one. */
type Answer = { status?: number; body: string }
type Input = { kind: string; bytes: Buffer; send: () => Promise<Answer> }

/** Registers the test with so many inputs. */
export function testFuzz(test: Suite, inputs: number): void {
  const base = mkdtempSync(join(tmpdir(), 'pki-enrolment-fuzz-'))
  let server: ChildProcess | undefined
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  test.after(async () => {
    agent.destroy()
    if (server && server.exitCode === null) {
      server.kill()
      await once(server, 'exit')
    }
    rmSync(base, { recursive: true })
  })

  test(`${inputs} broken inputs: no crash, no hang, no growth`, { timeout: 60_000 + inputs * 30 }, async () => {
    const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32))
    const random = randomFrom(seed)
    const directory = join(base, 'pki')
    const authority = await createAuthority(directory, { key: 'ecdsa-p256' })
    const { tokens } = storesOf(authority)
    const names = { dns: ['localhost'], ip: ['127.0.0.1'] }
    const { certificate, key } = await authority.issue({ kind: 'server', name: 'est', ...names })
    writeFileSync(join(base, 'server.mjs'), serverScript)
    const child = fork(join(base, 'server.mjs'), {
      execArgv: [`--max-old-space-size=${heapMiB}`, '--disable-warning=ExperimentalWarning'],
    })
    server = child
    const failures: string[] = []
    child.send({ directory, certificate, key })
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    child.on('message', ({ failed }: { failed: string }) => failures.push(failed))

    const { token } = await tokens.create({ name: 'victim', ttlSeconds: 86_400 })
    const keys = [await makeKey('ecdsa-p256'), await makeKey('ecdsa-p384'), await makeKey('rsa-4096')]
    const { certificate: like } = await authority.issue({ purpose: 'agents', kind: 'client', name: 'like' })
    const wanted = namesIn(new X509Certificate(like))
    const seeds = keys.flatMap((one) => [writeCsr(one), writeCsr(one, wanted)].map((csr) => ({ key: one, csr })))
    const bag = writeCertificates(authority.chain('agents') + authority.rootCertificate)
    const authorization = (text: string) => `Basic ${Buffer.from(`m:${text}`).toString('base64')}`

    const post = (body: Buffer | string, headers: Record<string, string> = {}, path = 'simpleenroll') =>
      new Promise<Answer>((resolve, reject) => {
        const sent = request(
          {
            ...{ host: '127.0.0.1', port, agent, ca: authority.rootCertificate, method: 'POST' },
            path: `/.well-known/est/${path}`,
            headers: { 'Content-Type': 'application/pkcs10', Authorization: authorization(token), ...headers },
          },
          (response) => {
            let text = ''
            response.setEncoding('latin1').on('data', (chunk: string) => {
              text += chunk
            })
            response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
            response.on('error', () => resolve({ body: '' }))
          },
        )
        // A connection that the server ends for what was on it is an answer too; one that it does not take is none.
        sent.on('error', (error: NodeJS.ErrnoException) =>
          error.code === 'ECONNREFUSED' ? reject(error) : resolve({ body: '' }),
        )
        sent.end(body)
      })

    /** Bytes as they are, inside TLS or not, and the end of our side behind them. */
    const raw = (bytes: Buffer, tls: boolean) =>
      new Promise<Answer>((resolve, reject) => {
        const socket: Socket = tls
          ? connect({ host: '127.0.0.1', port, ca: authority.rootCertificate })
          : connectPlain(port, '127.0.0.1')
        let text = ''
        socket.on(tls ? 'secureConnect' : 'connect', () => socket.end(bytes))
        socket.on('data', (chunk) => {
          text += chunk.toString('latin1')
        })
        socket.on('error', (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED' && reject(error))
        socket.on('close', () => {
          const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]
          resolve({ ...(status && { status: Number(status) }), body: text.split('\r\n\r\n')[1] ?? '' })
        })
      })

    const makers: ((random: Random) => Input)[] = [
      () => {
        const bytes = mutate(random, pick(random, seeds).csr)
        return { kind: 'csr', bytes, send: () => post(bytes.toString('base64')) }
      },
      () => {
        const one = pick(random, seeds)
        const bytes = signedAnew(random, one.csr, one.key)
        return { kind: 'csr, signed', bytes, send: () => post(bytes.toString('base64')) }
      },
      () => {
        const bytes = mutate(random, Buffer.from(pick(random, seeds).csr.toString('base64')))
        return { kind: 'body', bytes, send: () => post(bytes) }
      },
      () => {
        const bytes = mutate(random, Buffer.from(pick(random, [token, authorization(token)])))
        const header = bytes
          .toString('latin1')
          .replaceAll(/[^\x20-\x7e]/g, '?')
          .slice(0, 8_000)
        const Authorization = pick(random, [header, authorization(header)])
        return { kind: 'token', bytes, send: () => post(pick(random, seeds).csr.toString('base64'), { Authorization }) }
      },
      () => {
        const bytes = mutate(random, bag)
        assertReadable(bytes)
        return { kind: 'pkcs7', bytes, send: () => post(bytes.toString('base64')) }
      },
      () => {
        const body = pick(random, seeds).csr.toString('base64')
        const path = pick(random, ['simpleenroll', 'simplereenroll', 'cacerts', 'agents/simpleenroll'])
        const whole = `POST /.well-known/est/${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/pkcs10\r\nAuthorization: ${authorization(token)}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
        const bytes = mutate(random, Buffer.from(whole))
        const tls = random(20) > 0
        return { kind: tls ? 'http' : 'tls', bytes, send: () => raw(bytes, tls) }
      },
    ]

    const answers = new Map<string, number>()
    let slowest = 0
    const fuzzed = new Set(keys.map((one) => publicOf(one)))
    const one = async (input: Input) => {
      const said = () => `${input.kind}, FUZZ_SEED=${seed}: ${input.bytes.toString('base64').slice(0, 4_000)}`
      let { answer, tookMs } = await timed(input.send)
      slowest = Math.max(slowest, tookMs)
      // Others use this machine and its disk too: what hangs the server hangs it again.
      for (let again = 0; tookMs > slowMs && again < 3; again += 1) {
        await pause(2_000)
        ;({ answer, tookMs } = await timed(input.send))
      }
      assert.ok(tookMs <= slowMs, `${tookMs.toFixed()} ms for ${said()}`)
      assert.deepEqual(failures, [], said())
      assert.notEqual(answer.status, 500, said())
      if (answer.status === 200 && input.kind !== 'http') {
        const [found] = readCertificates(Buffer.from(answer.body, 'base64'))
        assert.ok(found && fuzzed.has(publicOf(found.publicKey)), said())
        assert.equal(found.subject, 'O=Anbox Edge\nCN=victim', said())
        assert.equal(found.subjectAltName, 'URI:anbox:agent/victim', said())
      }
      const outcome = `${input.kind}: ${answer.status ?? 'none'}`
      answers.set(outcome, (answers.get(outcome) ?? 0) + 1)
    }

    let made = 0
    let before = 0
    const worker = async () => {
      while (made < inputs) {
        made += 1
        if (made === Math.ceil(inputs / 5)) before = residentMiB(child)
        await one(pick(random, makers)(random))
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
    const growth = residentMiB(child) - before
    assert.ok(growth < mostGrowthMiB, `the server grew by ${growth.toFixed()} MiB; FUZZ_SEED=${seed}`)
    assert.equal(child.exitCode, null)

    // Every kind came to be refused, and it still works.
    for (const kind of ['csr', 'csr, signed', 'body', 'pkcs7']) assert.ok(answers.get(`${kind}: 400`), kind)
    assert.ok(answers.get('token: 401'))
    const [{ bound } = {}] = await tokens.list()
    const issued = (await (await openAuthority(directory)).list()).filter(({ name }) => name === 'victim')
    assert.equal(issued.length, bound ? 1 : 0)
    const { token: fresh } = await tokens.create({ name: 'after' })
    const good = writeCsr(await makeKey('ecdsa-p256')).toString('base64')
    const { status, body } = await post(good, { Authorization: authorization(fresh) })
    assert.equal(status, 200, body)
    if (process.env.FUZZ_SAY) console.log({ seed, growth, slowest, answers: Object.fromEntries([...answers].sort()) })
  })
}

async function timed(send: Input['send']): Promise<{ answer: Answer; tookMs: number }> {
  const started = performance.now()
  const answer = await send()
  return { answer, tookMs: performance.now() - started }
}

/** Broken inside, and signed by its key all the same: this gets past our own check of the signature. */
function signedAnew(random: Random, csr: Buffer, key: KeyObject): Buffer {
  const [info, algorithm] = partsOf(readDer(csr, tags.sequence))
  const changed = pick(random, [flip, mutate])(random, info?.content ?? csr)
  const inside = sequence(changed)
  const signature = element(tags.bitString, Buffer.of(0), sign('sha256', inside, key))
  return sequence(inside, algorithm?.whole ?? Buffer.alloc(0), signature)
}

/** A machine's side of the same: certificates, or the one error that it knows. */
function assertReadable(bag: Buffer): void {
  const started = performance.now()
  try {
    for (const certificate of readCertificates(bag)) assert.ok(certificate instanceof X509Certificate)
  } catch (error) {
    assert.ok(error instanceof DerError, String(error))
  }
  assert.ok(performance.now() - started < slowMs)
}

function publicOf(key: KeyObject): string {
  const { n, x, y } = key.export({ format: 'jwk' })
  return `${n ?? ''}${x ?? ''}${y ?? ''}`
}

function residentMiB(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
}
