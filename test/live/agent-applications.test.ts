// Applications through the agent: bootstrapped from a package, launched, updated by a new image, watched, exported.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { InvalidRequestError, OperationFailedError } from '@anbox/sdk'
import { Edge, made, small, until } from './edge.ts'
import { appApk, hook, noting, tarBz2 } from './package.ts'

const test = suite('agent: applications', { timeout: 90_000 })
const folder = mkdtempSync(join(tmpdir(), 'applications-'))
let edge: Edge
let image: string
let id: string

const file = (name: string, content: Uint8Array) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const manifest = (name: string, more = '') =>
  `name: ${name}\nresources: {cpus: 1, memory: 128MB, disk-size: 256MB}\n${more}`
const inside = async (id: string, path: string) => (await edge.ams.instances.run(id, ['cat', path])).stdout

test.before(async () => {
  edge = await Edge.start({ bootSeconds: 20 })
  image = await edge.upload()
})
test.after(async () => {
  await edge?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

test('a package is bootstrapped in the documented order and becomes a published version', async () => {
  const addon = tarBz2({
    'manifest.yaml': 'name: tools\ndescription: for tests\n',
    'hooks/pre-start': noting('addon pre-start'),
    'hooks/post-stop': noting('addon post-stop'),
    'tool.txt': 'a tool',
  })
  await (await edge.ams.addons.add('tools', file('tools.tar.bz2', addon))).wait()
  const content = tarBz2({
    'manifest.yaml': manifest(
      'game',
      `version: "1.0"
addons: [tools]
tags: [fun]
required-permissions: [android.permission.CAMERA]
services: [{name: web, port: 8080, protocols: [tcp]}]
extra-data: {level1.bin: {target: /data/data/com.example.game, owner: root, permissions: "0600"}}
bootstrap: {keep: [kept.txt]}
`,
    ),
    'app.apk': appApk('com.example.game'),
    'kept.txt': 'kept',
    'dropped.txt': 'dropped',
    'extra-data/level1.bin': 'level one',
    'hooks/pre-start': noting('app pre-start'),
    'hooks/prepare': noting('app post-start'),
  })
  const creating = await edge.ams.applications.create(file('game.tar.bz2', content))
  id = made(creating, 'applications')
  await creating.wait()
  const application = await edge.ams.applications.get('game')
  assert.equal(application.status, 'ready')
  assert.equal(application.boot_package, 'com.example.game')
  assert.equal(application.published, true)
  const [version] = application.versions ?? []
  assert.equal(version?.status, 'active')
  assert.equal(version?.boot_activity, '.Main')
  assert.deepEqual(version?.addons, [{ name: 'tools', version: 0 }])
  await until(async () => (await edge.ams.instances.list({ base: true })).length === 0)
})

test('it is launched: hooks, application in front, services and resources of its manifest', async () => {
  const instance = made(await (await edge.ams.instances.launch({ app_id: 'game', name: 'player' })).wait(), 'instances')
  const found = await edge.ams.instances.get(instance)
  assert.equal(found.status, 'running')
  assert.equal(found.app_name, 'game')
  assert.equal(found.resources.memory, 128 * 2 ** 20)
  assert.deepEqual(
    found.services?.map(({ name, port }) => [name, port]),
    [['web', 8080]],
  )
  const lines = (await inside(instance, '/data/hooks')).trim().split('\n')
  assert.deepEqual(
    lines.map((line) => line.replace(/ old=.*? (?=up=)/, ' ')),
    [
      'addon pre-start type=base up= code=',
      'app pre-start type=base up= code=',
      'app post-start type=base up=1 code=',
      'addon post-stop type=base up= code=0',
      'addon pre-start type=regular up= code=',
      'app pre-start type=regular up= code=',
      'app post-start type=regular up=1 code=',
    ],
  )
  assert.match(lines[2] ?? '', /boot=com\.example\.game/)
  assert.match(lines[0] ?? '', /addon=\/var\/lib\/anbox\/addons\/tools/)
  assert.equal(await inside(instance, '/data/data/com.example.game/level1.bin'), 'level one')
  assert.equal(await inside(instance, '/data/app/com.example.game/granted'), 'android.permission.CAMERA\n')
  assert.equal(await inside(instance, '/var/lib/anbox/addons/tools/tool.txt'), 'a tool')
  const kept = await edge.ams.instances.run(instance, ['ls', '/var/lib/anbox/app'])
  assert.deepEqual(kept.stdout.trim().split('\n'), ['hooks', 'kept.txt', 'manifest.yaml'])
  assert.equal(
    (await edge.ams.instances.run(instance, ['getprop', 'standin.foreground'])).stdout.trim(),
    'com.example.game/.Main',
  )
})

test('the watchdog ends an instance whose application was left', async () => {
  await edge.ams.instances.run('player', ['am', 'start', '-n', 'com.android.settings/.Settings'])
  await until(async () => (await edge.ams.instances.get('player')).status === 'error')
  assert.match((await edge.ams.instances.get('player')).error_message, /watchdog: com\.android\.settings came/)
  await (await edge.ams.instances.delete('player')).wait()
})

test('a package that cannot be is refused with the reason, and nothing is left of it', async () => {
  for (const [files, message] of [
    [{ 'manifest.yaml': 'nam: x\n' }, /unknown key "nam"|name must be given/],
    [{ 'readme.txt': 'x' }, /no manifest\.yaml/],
    [{ 'manifest.yaml': manifest('game') }, /exists already/],
    [{ 'manifest.yaml': manifest('other', 'image: nowhere\n') }, /image "nowhere" not found/],
    [{ 'manifest.yaml': manifest('other', 'addons: [nothing]\n') }, /addon "nothing" not found/],
  ] as const)
    await assert.rejects(edge.ams.applications.create(file('bad.tar.bz2', tarBz2(files))), (error: Error) => {
      assert.match(error.message, message)
      return true
    })
  await assert.rejects(edge.ams.applications.create(file('bad.bin', Buffer.from('not a package'))), InvalidRequestError)
})

test('a hook that fails puts the version into error, with its words, and the last good one stays in use', async () => {
  const content = tarBz2({
    'manifest.yaml': manifest('game', 'addons: [tools]\n'),
    'app.apk': appApk('com.example.game'),
    'hooks/pre-start': hook('echo "no such luck" >&2; exit 3'),
  })
  const updating = await edge.ams.applications.upload('game', file('game2.tar.bz2', content))
  await assert.rejects(updating.wait(), (error: Error) => {
    assert.ok(error instanceof OperationFailedError)
    assert.match(error.message, /the hook pre-start of application "game" failed with exit code 3.*no such luck/)
    return true
  })
  const { versions } = await edge.ams.applications.get('game')
  assert.deepEqual(
    versions?.map(({ status }) => status),
    ['active', 'error'],
  )
  const launched = made(
    await (await edge.ams.instances.launch({ app_id: 'game', config: { disable_watchdog: true } })).wait(),
    'instances',
  )
  assert.equal((await edge.ams.instances.get(launched)).app_version, 0)
  await (await edge.ams.instances.delete(launched)).wait()
  await (await edge.ams.applications.versions.delete('game', 1)).wait()
  await until(async () => (await edge.ams.instances.list({ base: true })).length === 0)
})
