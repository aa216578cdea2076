// A machine's file system, made here with the owners and modes that are met.
import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from '@anbox/harness'
import { createAuthority } from '../authority/create.ts'
import { inventory } from './inventory.ts'
import { knownFiles } from './known-files.ts'

const test = suite('inventory of secrets in files', { timeout: 30_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-inventory-'))
test.after(() => rmSync(base, { recursive: true }))
const secret = 'correct-horse'
const turnserver = 117

function machine(name: string) {
  const root = join(base, name)
  mkdirSync(join(root, 'etc'), { recursive: true })
  writeFileSync(
    join(root, 'etc/passwd'),
    `root:x:0:0::/root:/bin/sh\nturnserver:x:${turnserver}:${turnserver}::/:/bin/false\n`,
  )
  writeFileSync(join(root, 'etc/group'), `root:x:0:\nturnserver:x:${turnserver}:\nusers:x:100:\n`)
  const put = (path: string, mode: number, { uid = 0, gid = 0, days = 0 } = {}) => {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 })
    writeFileSync(file, secret)
    chmodSync(file, mode)
    chownSync(file, uid, gid)
    const at = new Date(Date.now() - days * 86_400_000)
    utimesSync(file, at, at)
    return file
  }
  return { root, put }
}
const warned = async (root: string, path: string) =>
  (await inventory({ root })).find((one) => one.path === join(root, path))?.warnings

test('every published file of both deployments is found, and its content is not shown', async () => {
  const { root, put } = machine('published')
  const published = knownFiles.filter(({ deployment }) => deployment === 'charmed' || deployment === 'appliance')
  assert.equal(published.length, 17)
  for (const { path } of published) put(path, 0o600)
  const found = await inventory({ root })
  assert.deepEqual(found.map(({ path }) => path).sort(), published.map(({ path }) => join(root, path)).sort())
  assert.ok(!JSON.stringify(found).includes(secret))
  assert.deepEqual([...new Set(found.flatMap(({ warnings }) => warnings))], [])
})

test('it says who owns a file, who can read it and how old it is', async () => {
  const { root, put } = machine('who')
  put('/etc/turnserver.conf', 0o640, { gid: turnserver, days: 40 })
  const [file] = await inventory({ root })
  assert.ok(file)
  const { owner, group, mode, readBy, ageDays, warnings, component } = file
  assert.deepEqual(
    { owner, group, mode, readBy, ageDays, warnings, component },
    {
      ...{ owner: 'root', group: 'turnserver', mode: '0640', readBy: ['group turnserver'], ageDays: 40 },
      ...{ warnings: [], component: 'coturn' },
    },
  )
})

test('it warns of modes that are too wide, other owners, links, open folders and old secrets', async () => {
  const { root, put } = machine('wide')
  const [turn, auth, nats] = [
    '/etc/turnserver.conf',
    '/etc/coturn/auth_secret',
    '/var/snap/nats/common/server/nats.cfg',
  ]
  put(turn, 0o644)
  assert.deepEqual(await warned(root, turn), ['everybody can read it'])
  put(turn, 0o640, { gid: 100 })
  assert.deepEqual(await warned(root, turn), ['the group users can read it'])
  put(turn, 0o660, { gid: turnserver })
  assert.deepEqual(await warned(root, turn), ['the group turnserver can write it'])
  put(turn, 0o600, { uid: 4242 })
  assert.deepEqual(await warned(root, turn), ['belongs to 4242, not to root or turnserver'])
  put(nats, 0o600, { days: 400 })
  assert.deepEqual(await warned(root, nats), ['has not changed for 400 days'])
  put(auth, 0o600)
  chmodSync(join(root, '/etc/coturn'), 0o777)
  assert.deepEqual(await warned(root, auth), ['everybody can write its folder'])
  rmSync(join(root, nats))
  symlinkSync('/dev/null', join(root, nats))
  assert.deepEqual(await warned(root, nats), ['is a symbolic link'])
})

test('the keys of an authority are in it, and files that are named', async () => {
  const { root, put } = machine('own')
  const directory = join(base, 'pki')
  await createAuthority(directory, { key: 'ecdsa-p256' })
  const own = put('/opt/own.conf', 0o644)
  const found = await inventory({ root, authority: directory, files: [own] })
  const at = (path: string) => found.find((one) => one.path === path)
  assert.deepEqual(at(join(directory, 'root/ca.key'))?.warnings, [])
  assert.equal(at(join(directory, 'root/ca.key'))?.mode, '0600')
  assert.equal(at(join(directory, 'control/ca.key'))?.component, 'intermediate CA')
  assert.deepEqual(at(own)?.warnings, ['everybody can read it'])
})
