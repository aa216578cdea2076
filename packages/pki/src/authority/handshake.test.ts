// Issued credentials in real TLS 1.3 handshakes with client certificates, between Node's OpenSSL and itself and curl.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { suite } from '@anbox/harness'
import { type Credential, createAuthority, saveCredential } from '../index.ts'
import { keyTypes } from './key.ts'

const test = suite('handshake', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-handshake-'))
test.after(() => rmSync(directory, { recursive: true }))
const authority = await createAuthority(join(directory, 'ours'), { key: 'ecdsa-p256' })
const stranger = await createAuthority(join(directory, 'theirs'), { key: 'ecdsa-p256' })
const serverRequest = { kind: 'server', name: 'edge', dns: ['localhost'], ip: ['127.0.0.1'] } as const
const past = { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) }

/** A server that says hello to whom it trusts, and why not to others. */
async function listen(credential: Credential, rejectUnauthorized = false) {
  const { certificate: cert, key, root: ca } = credential
  const options = { cert, key, ca, requestCert: true, rejectUnauthorized, minVersion: 'TLSv1.3' } as const
  const server = createServer(options, (socket) => {
    const name = socket.getPeerCertificate().subject?.CN
    socket.resume().on('error', () => {})
    socket.end(socket.authorized ? `hello ${name}` : `refused: ${socket.authorizationError}`)
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

/** What the server says before it ends the connection. */
async function hear(port: number, root: string, client?: Credential, servername = 'localhost'): Promise<string> {
  const identity = client && { cert: client.certificate, key: client.key }
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername, ca: root, ...identity })
  try {
    await once(socket, 'secureConnect')
    assert.equal(socket.getProtocol(), 'TLSv1.3')
    let text = ''
    for await (const chunk of socket) text += chunk
    return text
  } finally {
    socket.destroy()
  }
}

test('server and client know each other with every type of key', { timeout: 120_000 }, async () => {
  for (const key of keyTypes) {
    await using server = await listen(await authority.issue({ ...serverRequest, key }))
    const client = await authority.issue({ kind: 'client', name: `ops-${key}`, key })
    assert.equal(await hear(server.port, authority.rootCertificate, client), `hello ops-${key}`)
  }
})

test('curl is served with the saved files', async () => {
  const out = join(directory, 'files')
  await using server = await listen(await authority.issue(serverRequest))
  const { root, certificate, key } = await saveCredential(
    out,
    'ops',
    await authority.issue({ kind: 'client', name: 'ops' }),
  )
  const args = [
    '--silent',
    '--http0.9',
    '--tlsv1.3',
    '--cacert',
    root,
    '--cert',
    certificate,
    '--key',
    key,
    `https://localhost:${server.port}/`,
  ]
  assert.equal((await promisify(execFile)('curl', args)).stdout, 'hello ops')
})

test('the server refuses no certificate, an ended one, one of another CA, and that of a server', async () => {
  await using server = await listen(await authority.issue(serverRequest))
  await using strict = await listen(await authority.issue(serverRequest), true)
  const clients: [Credential | undefined, RegExp][] = [
    [undefined, /UNABLE_TO_GET_ISSUER_CERT/],
    [await authority.issue({ kind: 'client', name: 'a', ...past }), /CERT_HAS_EXPIRED/],
    [await stranger.issue({ kind: 'client', name: 'a' }), /UNABLE_TO_GET_ISSUER_CERT/],
    [await authority.issue(serverRequest), /INVALID_PURPOSE/],
  ]
  for (const [client, reason] of clients) {
    assert.match(await hear(server.port, authority.rootCertificate, client), reason)
    // Node's server ends such a connection without a word.
    const heard = await hear(strict.port, authority.rootCertificate, client).catch(() => '')
    assert.equal(heard, '')
  }
})

test('the client refuses another name, an ended certificate, one of another CA, and that of a client', async () => {
  const client = await authority.issue({ kind: 'client', name: 'ops' })
  {
    await using server = await listen(await authority.issue(serverRequest))
    await assert.rejects(hear(server.port, authority.rootCertificate, client, 'other.example'), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    await assert.rejects(hear(server.port, stranger.rootCertificate, client), {
      code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    })
  }
  const servers = [
    [await authority.issue({ ...serverRequest, ...past }), 'CERT_HAS_EXPIRED'],
    [client, 'INVALID_PURPOSE'],
  ] as const
  for (const [credential, code] of servers) {
    await using server = await listen(credential)
    await assert.rejects(hear(server.port, authority.rootCertificate, client), { code })
  }
})
