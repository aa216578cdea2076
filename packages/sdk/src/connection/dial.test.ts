import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer, type TlsOptions } from 'node:tls'
import { suite } from '@anbox/harness'
import { make } from '../../test/certificates.ts'
import { ServerIdentityError, UnauthorizedError, UnavailableError } from '../errors.ts'
import { Connection } from './connection.ts'
import { dialer } from './dial.ts'
import type { ClientCertificate } from './options.ts'

const test = suite('trust in the server', { timeout: 20_000 })
const authority = make('Test CA', { ca: true })
const mine = make('127.0.0.1')
const signed = make('127.0.0.1', { issuer: authority })
const client = make('client')

/** A TLS server that counts the bytes it is sent, and answers each burst of them with an empty success. */
async function listen(options: TlsOptions) {
  const server = createServer(options)
  const state = { bytes: 0, connections: 0, handshakes: 0, clients: [] as string[], url: '' }
  server.on('tlsClientError', () => {})
  server.on('connection', () => {
    state.connections += 1
  })
  server.on('secureConnection', (socket) => {
    state.handshakes += 1
    state.clients.push(socket.getPeerX509Certificate()?.subject ?? '')
    socket.on('error', () => {})
    socket.on('data', (data) => {
      state.bytes += data.byteLength
      const body = '{"type":"sync","metadata":{}}'
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  state.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(state, { [Symbol.asyncDispose]: async () => void server.close() })
}

const open = (url: string, trust: { ca?: string; fingerprint?: string }) =>
  new Connection({ url, certificate: client.certificate, key: client.key, retries: 0, ...trust } as ClientCertificate)
const shown = (made: { certificate: string; key: string }) => ({ cert: made.certificate, key: made.key })

test('a pinned self-signed certificate is accepted, and ours is shown', async () => {
  await using server = await listen({ ...shown(mine), requestCert: true, rejectUnauthorized: false })
  const colons = mine.fingerprint.toUpperCase().replace(/..(?!$)/g, '$&:')
  for (const fingerprint of [mine.fingerprint, colons]) {
    await using connection = open(server.url, { fingerprint })
    assert.equal((await connection.request('GET', '/1.0')).status, 200)
  }
  assert.deepEqual(server.clients, ['CN=client', 'CN=client'])
})

test('a server with another certificate than the pinned one gets no byte of a request or a socket', async () => {
  // The other certificate is even one that a CA signed for that very address.
  await using server = await listen(shown(signed))
  await using connection = open(server.url, { fingerprint: mine.fingerprint })
  const upload = connection.request('POST', '/1.0/images', { stream: Buffer.alloc(100_000) })
  await assert.rejects(upload, ServerIdentityError)
  await assert.rejects(connection.request('GET', '/1.0'), { name: 'ServerIdentityError', code: 'server-identity' })
  await assert.rejects(connection.socket('/1.0/events', { query: { secret: 'x' } }), ServerIdentityError)
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(server.connections, 3)
  assert.equal(server.bytes, 0)
})

test('with a CA, what it signed is accepted; everything else gets no byte', async () => {
  const elsewhere = make('elsewhere.example', { issuer: authority })
  const expired = make('127.0.0.1', { issuer: authority, expired: true })
  {
    await using server = await listen(shown(signed))
    await using connection = open(server.url, { ca: authority.certificate })
    await connection.request('GET', '/1.0')
    await using stranger = open(server.url, { ca: make('Other CA', { ca: true }).certificate })
    await assert.rejects(stranger.request('GET', '/1.0'), ServerIdentityError)
  }
  for (const certificate of [mine, elsewhere, expired]) {
    await using server = await listen(shown(certificate))
    await using connection = open(server.url, { ca: authority.certificate })
    await assert.rejects(connection.request('GET', '/1.0'), ServerIdentityError)
    await assert.rejects(connection.socket('/1.0/events'), ServerIdentityError)
    assert.equal(server.bytes, 0)
  }
})

test('of a hundred connections few are opened at once; one that is given up waits no longer', async () => {
  const held = new Set<Socket>()
  const server = createTcpServer((socket) => held.add(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dial = dialer({
    url: `https://127.0.0.1:${port}`,
    ca: mine.certificate,
    certificate: client.certificate,
    key: client.key,
  })
  const gone = new AbortController()
  const all = Array.from({ length: 100 }, (_, index) => dial(index === 50 ? gone.signal : undefined))
  const ended = Promise.allSettled(all)
  while (held.size < 16) await sleep(5)
  // Any more would come now.
  await sleep(50)
  assert.equal(held.size, 16)
  gone.abort(new Error('given up'))
  await assert.rejects(all[50] ?? Promise.resolve(), /given up/)
  // Each that ends lets the next one begin.
  while (held.size < 99) {
    for (const socket of held) socket.destroy()
    await sleep(5)
  }
  for (const socket of held) socket.destroy()
  await ended
  server.close()
})

test('TLS 1.2 is refused', async () => {
  await using server = await listen({ ...shown(mine), maxVersion: 'TLSv1.2' })
  await using connection = open(server.url, { fingerprint: mine.fingerprint })
  await assert.rejects(connection.request('GET', '/1.0'), UnavailableError)
  assert.equal(server.handshakes, 0)
})

test('a server that refuses our certificate is told apart from one that is away', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-dial-'))
  writeFileSync(join(folder, 'own'), mine.certificate + mine.key, { mode: 0o600 })
  writeFileSync(join(folder, 'ca'), authority.certificate)
  // OpenSSL's own server sends the alert that Go's sends too; Node's just hangs up.
  const args = ['s_server', '-accept', '127.0.0.1:0', '-cert', 'own', '-key', 'own', '-CAfile', 'ca', '-Verify', '1']
  const server = spawn('openssl', [...args, '-verify_return_error'], { cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] })
  try {
    let address: string | undefined
    for await (const text of server.stdout.iterator({ destroyOnReturn: false })) {
      address = /ACCEPT (\S+)/.exec(String(text))?.[1]
      if (address) break
    }
    server.stdout.resume()
    await using connection = open(`https://${address}`, { fingerprint: mine.fingerprint })
    await assert.rejects(connection.request('GET', '/1.0'), UnauthorizedError)
  } finally {
    server.kill()
    await once(server, 'exit')
    rmSync(folder, { recursive: true })
  }
})

test('options that would leave the server unverified, or hold a token, are refused', () => {
  const good = { url: 'https://127.0.0.1:1', certificate: 'x', key: 'y' }
  for (const bad of [
    good,
    { ...good, fingerprint: 'abc' },
    { ...good, fingerprint: mine.fingerprint, ca: 'x' },
    { ...good, fingerprint: mine.fingerprint, url: 'http://127.0.0.1:1' },
    { ...good, fingerprint: mine.fingerprint, token: 'secret-token' },
    { socketPath: '/nowhere', token: 'secret-token' },
  ]) {
    assert.throws(() => new Connection(bad as never), { name: 'InvalidRequestError' })
  }
})
