// Real adb, through a local port of the SDK's and the gateway's sockets, into an Android system in LXD. The gateway is the
// stand-in; the guest's adbd is the stand-in's too.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { suite } from '@anbox/harness'
import { AdbClient, GatewayClient } from '@anbox/sdk'
import { StandInGateway, type StandInOptions } from '../../packages/sdk/test/gateway/stand-in.ts'
import { attempt } from '../../scripts/command.ts'
import { Edge, freePort, made, small } from './edge.ts'

const test = suite('adb through the gateway', { timeout: 60_000 })
let edge: Edge
let port = 0
let env: NodeJS.ProcessEnv

test.before(
  async () => {
    edge = await Edge.start()
    const services = [{ name: 'adb', port: 5559, protocols: ['tcp' as const] }]
    const body = { image_id: await edge.upload(), resources: small, services }
    const id = made(await (await edge.ams.instances.launch(body)).wait(), 'instances')
    port = (await edge.ams.instances.get(id)).services?.[0]?.node_port ?? 0
    env = { ...process.env, HOME: edge.directory, ANDROID_ADB_SERVER_PORT: String(await freePort()) }
  },
  { timeout: 60_000 },
)
test.after(
  async () => {
    await attempt('adb', ['kill-server'], { env })
    await edge[Symbol.asyncDispose]()
  },
  { timeout: 60_000 },
)

/** Connects a gateway's ADB socket with the guest's port, as the instance's side does. */
const adb: StandInOptions['adb'] = (socket) => {
  const guest = connect(port, '127.0.0.1')
  guest.on('data', (chunk) => {
    guest.pause()
    socket.send(chunk, { binary: true }, () => guest.resume())
  })
  socket.on('message', (data: Buffer) => {
    if (!guest.write(data)) socket.pause()
  })
  guest.on('drain', () => socket.resume())
  guest.on('close', () => socket.close()).on('error', () => {})
  socket.on('close', () => guest.destroy())
}

test('shell, push and pull of 20 MB, twice over; the port closes and leaves nothing', async () => {
  await using gateway = await StandInGateway.start({ adb })
  const trust = { fingerprint: gateway.certificate.fingerprint }
  await using client = new GatewayClient({ url: gateway.url, token: gateway.token(), ...trust })
  const session = await client.sessions.create({ app: 'calculator' })
  const share = await session.share({ type: 'adb' })
  // Who has the share needs no account.
  await using guest = new AdbClient(share.url, trust)
  const local = await guest.listen()
  const run = (...args: string[]) => attempt('adb', args, { env, timeout: 30_000 })
  const file = edge.path('data')
  writeFileSync(file, randomBytes(20_000_000))
  for (const round of [1, 2]) {
    assert.match((await run('connect', local.address)).stdout, /^connected to /, `round ${round}`)
    const device = (...args: string[]) => run('-s', local.address, ...args)
    assert.equal((await device('shell', 'getprop', 'sys.boot_completed')).stdout, '1\n')
    assert.equal((await device('shell', 'exit 7')).code, 7)
    assert.match((await device('push', file, '/data/local/tmp/data')).stdout, /1 file pushed/)
    assert.match((await device('pull', '/data/local/tmp/data', edge.path('back'))).stdout, /1 file pulled/)
    assert.ok(readFileSync(file).equals(readFileSync(edge.path('back'))))
    assert.match((await run('disconnect', local.address)).stdout, /disconnected/)
  }
  await local.close()
  assert.match((await run('connect', local.address)).stdout, /failed to connect|refused/)
})
