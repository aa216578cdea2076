// Habits of clients that nobody here wrote, as they were measured: what they send is odd, and has to be understood.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { suite } from '@anbox/harness'
import { AmsClient } from '@anbox/sdk'
import { Edge, guestFile, made, small } from '../live/edge.ts'
import { ask, idIn } from './server.ts'

const test = suite("clients' habits on the wire", { timeout: 60_000 })
let edge: Edge
let id: string
const socketPath = () => edge.path('state/unix.socket')

test.before(async () => {
  edge = await Edge.start({ bootSeconds: 30 })
  const image = await edge.upload()
  id = made(await (await edge.ams.instances.launch({ image_id: image, resources: small })).wait(), 'instances')
})
test.after(() => edge?.[Symbol.asyncDispose]())

const wait = async (operation: string) => {
  const { json } = await ask(socketPath(), 'GET', `${operation}/wait?timeout=30`)
  return (json?.metadata ?? {}) as { status?: string; metadata?: { return?: number } }
}

test('a slash at the end of a path changes nothing, for uploads neither', async () => {
  for (const path of ['/1.0/', '/1.0/images/', `/1.0/instances/${id}/`, '/1.0/operations/', '/1.0/auth/groups/admin/'])
    assert.equal((await ask(socketPath(), 'GET', path)).status, 200, path)
  const headers = { 'content-type': 'application/octet-stream', 'x-ams-request': '{"name":"slash"}' }
  const upload = await ask(socketPath(), 'POST', '/1.0/images/', { bytes: readFileSync(guestFile()), headers })
  assert.equal(upload.status, 202, upload.text)
  await wait(upload.json?.operation ?? '')
  await ask(socketPath(), 'DELETE', `/1.0/images/${idIn(upload, 'images')}/?type=`, { json: { force: true } })
})

test('an empty value in a query is none', async () => {
  const { json } = await ask(socketPath(), 'GET', '/1.0/instances?recursion=1&status=&type=&tags=')
  assert.equal(((json?.metadata ?? []) as unknown[]).length, 1)
})

test('JSON without a content type, with an odd one, and in a DELETE', async () => {
  for (const headers of [
    {} as Record<string, string>,
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/x-www-form-urlencoded' },
  ]) {
    const { status, json } = await ask(socketPath(), 'DELETE', '/1.0/instances', {
      json: { ids: ['nothing'] },
      headers,
    })
    assert.equal(status, 404)
    assert.match(json?.error ?? '', /instance "nothing" not found/)
  }
})

test('a refused upload is read to its end before it is answered', async () => {
  const headers = { 'content-type': 'application/octet-stream' }
  for (const path of ['/1.0/applications?vm=true', '/1.0/addons', '/1.0/images', '/1.0/applications/nothing']) {
    const method = path.endsWith('nothing') ? 'PATCH' : 'POST'
    const { status, json } = await ask(socketPath(), method, path, { bytes: Buffer.alloc(4_000_000, 1), headers })
    assert.equal(status, 400, path)
    assert.equal(json?.type, 'error')
  }
})

test('stdin whose connection is dropped is an end of input, not a failure', async () => {
  const exec = await ask(socketPath(), 'POST', `/1.0/instances/${id}/exec`, {
    json: { command: ['cat'], environment: null },
  })
  const { metadata } = (exec.json?.metadata ?? {}) as { metadata?: { fds: Record<string, string> } }
  await using ams = new AmsClient({ socketPath: socketPath() })
  const open = (fd: string) =>
    ams.connection.socket(`${exec.json?.operation}/websocket`, { query: { secret: metadata?.fds[fd] } })
  const [control, stdin, stdout, stderr] = [await open('control'), await open('0'), await open('1'), await open('2')]
  const got: Buffer[] = []
  stdout.on('message', (data: Buffer, binary: boolean) => binary && got.push(data))
  await new Promise<void>((resolve) => stdin.send(Buffer.from('all of it'), { binary: true }, () => resolve()))
  stdin.terminate()
  const ended = await wait(exec.json?.operation ?? '')
  assert.equal(ended.metadata?.return, 0)
  assert.equal(Buffer.concat(got).toString(), 'all of it')
  for (const socket of [control, stdout, stderr]) socket.terminate()
})

test('what is not HTTP is answered in the envelope too', async () => {
  const socket = connect(socketPath())
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write('GET /1.0 HTTP/9.9\r\n\u0000\r\n\r\n')
  await new Promise((resolve) => socket.once('close', resolve))
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 400/)
  assert.equal(JSON.parse(body).type, 'error')
})
