// The compiler is half of this test: a line marked `@ts-expect-error` that compiles fails `npm run check`.
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { make } from '../../test/certificates.ts'
import { AmsClient, type AmsOptions } from '../ams/client.ts'
import { LxdClient } from './client.ts'

const test = suite('authentication')
const { certificate, key, fingerprint } = make('client')
const url = 'https://127.0.0.1:8443'
const refused = { name: 'InvalidRequestError' }

test('LXD takes a unix socket or a client certificate', () => {
  new LxdClient({ socketPath: '/var/lib/lxd/unix.socket', project: 'anbox', target: 'one' })
  new LxdClient({ url, certificate, key, fingerprint })
  new LxdClient({ url, certificate, key, ca: certificate, retries: 0, timeout: 1 })
})

test('LXD takes no token', () => {
  // @ts-expect-error there are no tokens
  assert.throws(() => new LxdClient({ socketPath: '/x', token: 'hush' }), refused)
  // @ts-expect-error nor bearer tokens
  assert.throws(() => new LxdClient({ url, fingerprint, bearer: 'hush' }), refused)
  // @ts-expect-error nor in place of a certificate
  assert.throws(() => new LxdClient({ url, fingerprint, token: 'hush' }), refused)
  const variable = { url, certificate, key, fingerprint, token: 'hush' }
  // @ts-expect-error nor in a variable, where TypeScript allows further properties
  assert.throws(() => new LxdClient(variable), refused)
  // @ts-expect-error AMS takes one, and not along with a certificate
  assert.throws(() => new AmsClient(variable), refused)
})

test('a server without a way to trust it, or with two, is refused', () => {
  // @ts-expect-error neither ca nor fingerprint
  assert.throws(() => new LxdClient({ url, certificate, key }), refused)
  // @ts-expect-error both
  assert.throws(() => new LxdClient({ url, certificate, key, fingerprint, ca: certificate }), refused)
  // @ts-expect-error no key
  assert.throws(() => new LxdClient({ url, certificate, fingerprint }), refused)
  // @ts-expect-error two servers
  assert.throws(() => new LxdClient({ url, certificate, key, fingerprint, socketPath: '/x' }), refused)
  // @ts-expect-error AMS has no projects
  const options: AmsOptions = { socketPath: '/x', project: 'p' }
  assert.ok(options)
})

test('a printed client shows no key', () => {
  const client = new LxdClient({ url, certificate, key, fingerprint })
  assert.doesNotMatch(inspect(client, { depth: 9, showHidden: true }), /PRIVATE KEY/)
})
