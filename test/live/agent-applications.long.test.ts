// Applications through the agent: bootstrapped from a package, launched, updated by a new image, watched, exported.
import assert from 'node:assert/strict'
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { suite } from '@anbox/harness'
import { InvalidRequestError, OperationFailedError } from '@anbox/sdk'
import { Edge, made, until } from './edge.ts'
import { appApk, hook, noting, tarBz2 } from './package.ts'

const test = suite('agent: applications', { timeout: 90_000 })
const folder = mkdtempSync(join(tmpdir(), 'applications-'))
let edge: Edge

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
  await edge.upload()
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
  assert.match(made(creating, 'applications'), /^[a-z0-9]{20}$/)
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

test('fields of a version are changed by a new version; others by none', async () => {
  await (await edge.ams.applications.update('game', { tags: ['new'], inhibit_auto_updates: true })).wait()
  assert.deepEqual((await edge.ams.applications.get('game')).versions?.length, 1)
  await (await edge.ams.applications.update('game', { manifest_version: '1.1', watchdog: { disabled: true } })).wait()
  const { versions, tags } = await edge.ams.applications.get('game')
  assert.deepEqual(tags, ['new'])
  assert.deepEqual(
    versions?.map(({ number, manifest_version: version }) => [number, version]),
    [
      [0, '1.0'],
      [2, '1.1'],
    ],
  )
  const { text } = await edge.ams.applications.manifest('game')
  assert.match(text, /version: "?1\.1/)
})

test('published versions beyond the setting go; a revoked one is not launched', async () => {
  await edge.ams.config.set('application.max_published_versions', '1')
  await (await edge.ams.applications.rebuild('game')).wait()
  const application = await edge.ams.applications.get('game')
  assert.deepEqual(
    application.versions?.map(({ number }) => number),
    [3],
  )
  await (await edge.ams.applications.versions.revoke('game', 3)).wait()
  await assert.rejects(edge.ams.instances.launch({ app_id: 'game' }), /published application version/)
  await (await edge.ams.applications.versions.publish('game', 3)).wait()
})

test('an exported version can be imported again', async () => {
  const path = join(folder, 'exported.tar.bz2')
  const { stream } = await edge.ams.applications.versions.export('game', 3)
  await pipeline(stream, createWriteStream(path))
  await (await edge.ams.applications.delete('game')).wait()
  await until(async () => (await edge.lxd.images.list()).length === 1)
  const again = made(await (await edge.ams.applications.create(path)).wait(), 'applications')
  const { versions, name } = await edge.ams.applications.get(again)
  assert.equal(name, 'game')
  assert.deepEqual(
    versions?.map(({ number, manifest_version: version, watchdog }) => [number, version, watchdog?.disabled]),
    [[0, '1.1', true]],
  )
})

test('a new version of the image makes a new version of the application by itself', async () => {
  const other = await edge.otherGuest(folder)
  await (await edge.ams.images.uploadVersion('standin', other)).wait()
  await until(async () => {
    const { versions = [] } = await edge.ams.applications.get('game')
    return versions.length === 1 && versions[0]?.number === 1 && versions[0].status === 'active'
  })
  const { versions } = await edge.ams.applications.get('game')
  assert.deepEqual(
    versions?.map(({ number, parent_image_version: image }) => [number, image]),
    [[1, 1]],
  )
  await assert.rejects(edge.ams.images.deleteVersion('standin', 7), /not found/)
  await (await edge.ams.images.deleteVersion('standin', 0)).wait()
  assert.deepEqual(
    (await edge.ams.images.get('standin')).versions?.map(({ version }) => version),
    [1],
  )
})
