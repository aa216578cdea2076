// The SDK's LXD client when LXD dies, and over mutual TLS: on an LXD of its own.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import {
  ForbiddenError,
  LxdClient,
  type Operation,
  OperationLostError,
  ServerIdentityError,
  UnavailableError,
} from '@anbox/sdk'
import { make } from '../../packages/sdk/test/certificates.ts'
import { cleanPrivateLxd, type PrivateLxd, startPrivateLxd } from '../../scripts/lxd/index.ts'
import { placeOf } from '../../scripts/lxd/place.ts'
import { lxdProcesses } from '../../scripts/lxd/processes.ts'
import { Guest } from './sdk-guest.ts'

const test = suite('LXD client and faults', { timeout: 90_000 })
const directory = mkdtempSync(join(tmpdir(), 'sdk-lxd-'))
let server: PrivateLxd
let guest: Guest

test.before(
  async () => {
    server = await startPrivateLxd({ directory })
    guest = await new Guest(server.directory).start()
  },
  { timeout: 120_000 },
)
test.after(
  async () => {
    await guest.host.close()
    await cleanPrivateLxd(directory)
  },
  { timeout: 120_000 },
)

async function kill(): Promise<void> {
  for (const { pid, kind } of lxdProcesses(placeOf(directory))) if (kind === 'daemon') process.kill(pid, 'SIGKILL')
  while (lxdProcesses(placeOf(directory)).some(({ kind }) => kind === 'daemon')) await sleep(20)
}

test('LXD killed and started again during a wait: the wait ends with the truth, and the client goes on', async () => {
  const { lxd, name } = guest
  const abort = new AbortController()
  const events = await lxd.events({ types: ['lifecycle'], signal: abort.signal }).open()
  const running = await lxd.instances.exec(name, { command: ['sleep', '30'] })
  running.stdout.resume()
  running.stderr.resume()
  const operation = (await lxd.operations.list()).find((one) => !one.final)
  assert.ok(operation)
  const results = Promise.allSettled([operation.wait(), running.done])

  await kill()
  await assert.rejects(lxd.instances.get(name), UnavailableError)
  await sleep(1_000)
  server = await startPrivateLxd({ directory })

  for (const result of await results) {
    assert.ok(result.status === 'rejected' && result.reason instanceof OperationLostError, String(result))
  }
  assert.equal((await lxd.instances.get(name)).status, 'Running')
  assert.equal((await lxd.instances.run(name, ['echo', 'here'])).stdout, 'here\n')
  await lxd.instances.patch(name, { config: { 'user.after': '1' } })
  const types: string[] = []
  for await (const { type, metadata } of events) {
    types.push(type)
    if (metadata?.action === 'instance-updated') break
    // It may have come while the stream was away: make another one.
    if (type === 'gap') await lxd.instances.patch(name, { config: { 'user.after': String(types.length) } })
  }
  assert.ok(types.includes('gap'))
})

test('LXD killed at any moment of many starts and stops: every wait ends, none with a wrong result', async () => {
  const { lxd, name } = guest
  for (const delay of [0, 40, 150]) {
    const outcome = (async () => {
      for (const action of ['stop', 'start'] as const) {
        const operation: Operation = await lxd.instances.setState(name, {
          action,
          force: action === 'stop',
          timeout: 30,
        })
        await operation.wait()
      }
      return 'done'
    })().catch((error: unknown) => error)
    await sleep(delay)
    await kill()
    server = await startPrivateLxd({ directory })
    const end = await outcome
    const honest = end === 'done' || end instanceof OperationLostError || end instanceof UnavailableError
    assert.ok(honest, String(end))
    if ((await lxd.instances.get(name)).status !== 'Running') {
      await (await lxd.instances.setState(name, { action: 'start' })).wait()
    }
  }
})

test('over mutual TLS: the pinned server, the trusted client, the same results', async () => {
  const port = await freePort()
  await guest.host.server.patch({ config: { 'core.https_address': `127.0.0.1:${port}` } })
  const [mine, stranger] = [make('client'), make('stranger')]
  const body = {
    type: 'client',
    name: 'test',
    certificate: new X509Certificate(mine.certificate).raw.toString('base64'),
  }
  await guest.host.connection.request('POST', '/1.0/certificates', { body })
  const shown = new X509Certificate(readFileSync(join(server.directory, 'server.crt')))
  const to = { url: `https://127.0.0.1:${port}`, fingerprint: shown.fingerprint256, project: guest.project }

  await using client = new LxdClient({ ...to, ...mine, fingerprint: to.fingerprint })
  const script = 'cat; echo err >&2; dd if=/dev/zero bs=1048576 count=8 2>/dev/null; exit 3'
  const { exitCode, stdout, stderr } = await client.instances.run(guest.name, ['sh', '-c', script], {
    stdin: 'in',
    limit: 2 ** 24,
  })
  assert.deepEqual([exitCode, stdout.length, stderr], [3, 8 * 2 ** 20 + 2, 'err\n'])
  for (let i = 0; i < 40; i++) {
    // A command's last words must not be lost when LXD closes the connection behind them.
    const result = await client.instances.run(guest.name, ['sh', '-c', 'echo out; echo err >&2'])
    assert.deepEqual(result, { exitCode: 0, stdout: 'out\n', stderr: 'err\n' })
  }
  await using untrusted = new LxdClient({ ...to, ...stranger, fingerprint: to.fingerprint })
  assert.equal((await untrusted.server.get()).auth, 'untrusted')
  await assert.rejects(untrusted.instances.list(), ForbiddenError)
  await using deceived = new LxdClient({ ...to, ...mine, fingerprint: stranger.fingerprint })
  await assert.rejects(deceived.server.get(), ServerIdentityError)
})

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1')
  await new Promise((listening) => listener.once('listening', listening))
  const address = listener.address()
  await new Promise((closed) => listener.close(closed))
  return typeof address === 'object' && address ? address.port : 0
}
