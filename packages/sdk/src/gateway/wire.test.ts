// Each method of the gateway's client: what it asks, and what it makes of the answer.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { make } from '../../test/certificates.ts'
import { failures, type Subject, tryFailure } from '../../test/methods/failures.ts'
import { gatewayRows } from '../../test/methods/gateway.ts'
import { methodsWithoutRow, onTheWire } from '../../test/methods/wire.ts'
import { type LocalServer, serve } from '../../test/server.ts'
import { GatewayClient } from './client.ts'

const test = suite('gateway: every method', { timeout: 60_000 })
const certificate = make('127.0.0.1')
const { fingerprint } = certificate
const connect = ({ url }: LocalServer) => new GatewayClient({ url, token: 'hush-hush', fingerprint, retries: 0 })
const subject: Subject<GatewayClient> = {
  rows: gatewayRows,
  connect,
  serve: (handlers) => serve(handlers, certificate),
}

for (const row of gatewayRows)
  test(`${row.name} on the wire`, () =>
    onTheWire({ ...row, headers: { authorization: 'macaroon root=hush-hush', ...row.headers } }, connect, (handlers) =>
      serve(handlers, certificate),
    ))

test('every method has a row', () => {
  const client = new GatewayClient({ url: 'https://127.0.0.1:1', token: 'x' })
  assert.deepEqual(methodsWithoutRow(client, gatewayRows as never, ['adb', 'close']), [])
})

for (const failure of failures)
  test(`${failure.name}: every method ends as it should`, () => tryFailure(subject, failure))
