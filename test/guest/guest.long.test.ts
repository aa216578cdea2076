import assert from 'node:assert/strict'
import { stat, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { apk } from './apk.ts'
import { startTrial, type Trial, until } from './trial.ts'

const test = suite('stand-in for Android: boot', { timeout: 30_000 })
const megabyte = 1e6
let trial: Trial
const guest = (kind: string) => `guest-${process.pid}-${kind}`
const shell = (name: string, command: string) => trial.lxc('exec', name, '--', 'sh', '-c', command)
const status = async (name: string) => (await trial.lxc('list', name, '-f', 'csv', '-c', 's')).trim()

test.before(
  async () => {
    trial = await startTrial()
    await trial.prepare(guest('one'))
  },
  { timeout: 30_000 },
)
test.after(() => trial?.end(), { timeout: 60_000 })

test('the image is under 60 MB', async () => {
  assert.ok((await stat(trial.image)).size < 60 * megabyte)
})

test('it boots in under 3 s, start of the container included', async () => {
  const start = performance.now()
  await trial.lxc('start', guest('one'))
  await until('boot completed', () => trial.booted(guest('one')))
  const took = performance.now() - start
  assert.ok(took < 3000, `${took} ms`)
})

test('it takes under 20 MB of memory, by its cgroup', async () => {
  const state = JSON.parse(await trial.lxc('query', `/1.0/instances/${guest('one')}/state`))
  assert.ok(state.memory.usage > 0 && state.memory.usage < 20 * megabyte, `${state.memory.usage} bytes`)
})

test('it says that it is a stand-in, and what Android it stands in for', async () => {
  const properties = await trial.lxc('exec', guest('one'), '--', 'getprop')
  for (const [name, value] of [
    ['ro.anbox.standin', '1'],
    ['ro.product.model', 'Anbox Edge stand-in'],
    ['ro.build.version.release', '15'],
    ['ro.build.version.sdk', '35'],
    ['sys.boot_completed', '1'],
    ['dev.bootcomplete', '1'],
    ['init.svc.adbd', 'running'],
  ])
    assert.ok(properties.includes(`[${name}]: [${value}]\n`), `${name} in ${properties}`)
})

test('the log tells the boot phases in order', async () => {
  const log = await trial.lxc('exec', guest('one'), '--', 'logcat', '-d')
  const phases = [...log.matchAll(/ I init: phase (\S+)/g)].map((match) => match[1])
  assert.deepEqual(phases, ['early-init', 'init', 'zygote', 'system_server', 'boot_completed'])
  assert.match(await trial.lxc('console', '--show-log', guest('one')), /phase boot_completed/)
})

test('a property can be set and read; a read-only one keeps its value', async () => {
  assert.equal(await shell(guest('one'), 'setprop debug.a "x y" && getprop debug.a'), 'x y\n')
  assert.equal(await shell(guest('one'), 'getprop no.such; getprop no.such fallback'), '\nfallback\n')
  assert.match(await shell(guest('one'), 'setprop ro.anbox.standin 0 2>&1; getprop ro.anbox.standin'), /Failed.*\n1\n$/)
})

test('a package is installed, listed, started and removed, as in Android', async () => {
  const manifest = '<manifest package="com.example.app"/>'
  await writeFile(`${trial.folder}/any.apk`, apk({ 'AndroidManifest.xml': manifest }))
  await trial.lxc('file', 'push', `${trial.folder}/any.apk`, `${guest('one')}/data/local/tmp/any.apk`)
  const one = (command: string) => shell(guest('one'), command)
  assert.equal(await one('pm install -r /data/local/tmp/any.apk'), 'Success\n')
  assert.equal(await one('pm list packages -3'), 'package:com.example.app\n')
  assert.equal(await one('pm path com.example.app'), 'package:/data/app/com.example.app/base.apk\n')
  const started = await one('am start -n com.example.app/.Main')
  assert.equal(started, 'Starting: Intent { cmp=com.example.app/.Main }\n')
  assert.match(await one('logcat -d -s ActivityTaskManager'), /START u0 \{cmp=com.example.app\/.Main \}/)
  assert.equal(await one('pm uninstall com.example.app'), 'Success\n')
  assert.match(await one('am start -n com.example.app/.Main 2>&1; true'), /does not exist/)
  assert.match(
    await one('head -c 9 /dev/urandom > /tmp/no.apk; pm install /tmp/no.apk 2>&1; true'),
    /Failure \[INSTALL/,
  )
  assert.equal(await one('wm size'), 'Physical size: 1280x720\n')
})

test('it stops cleanly in under 2 s, and starts again', async () => {
  const start = performance.now()
  await trial.lxc('stop', guest('one'))
  const took = performance.now() - start
  assert.ok(took < 2000, `${took} ms`)
  await trial.lxc('start', guest('one'))
  await until('boot completed again', () => trial.booted(guest('one')))
  assert.match(await shell(guest('one'), 'cat /var/log/android.log.1'), /init: shutting down/)
})

test('adbd and other services are kept; without zygote the system is lost', async () => {
  await shell(guest('one'), 'kill -9 $(pidof adbd)')
  const pids = async () => (await shell(guest('one'), 'pidof adbd || true')).trim()
  await until('adbd is back', async () => (await pids()) !== '')
  await shell(guest('one'), 'kill -9 $(pidof zygote)')
  await until('the container stopped', async () => (await status(guest('one'))) === 'STOPPED')
})

test('told to, it never finishes booting', async () => {
  await trial.prepare(guest('never'), '{"extra_data":"{\\"standin\\":{\\"boot\\":\\"never\\"}}"}')
  await trial.lxc('start', guest('never'))
  const phase = async () => (await trial.lxc('exec', guest('never'), '--', 'getprop', 'standin.phase')).trim()
  await until('system_server', async () => (await phase()) === 'system_server')
  await sleep(1500)
  assert.equal(await trial.booted(guest('never')), false)
})

test('told to, it boots slowly', async () => {
  await trial.prepare(guest('slow'), '{"standin": {"boot": "slow", "seconds": 3}, "display_width": 1280}')
  const start = performance.now()
  await trial.lxc('start', guest('slow'))
  await until('boot completed', () => trial.booted(guest('slow')))
  const took = performance.now() - start
  assert.ok(took >= 3000 && took < 6000, `${took} ms`)
})

test('told to, it crashes: the container stops by itself, and the log says why', async () => {
  await trial.prepare(guest('crash'), 'first line\nstandin.boot=crash\n')
  await trial.lxc('start', guest('crash'))
  await until('the container stopped', async () => (await status(guest('crash'))) === 'STOPPED')
  const log = await trial.lxc('file', 'pull', `${guest('crash')}/var/log/android.log`, '-')
  assert.match(log, / F init: zygote crashed/)
})

test('told so by a property, it boots so the next time', async () => {
  await trial.prepare(guest('property'))
  await trial.lxc('start', guest('property'))
  await until('boot completed', () => trial.booted(guest('property')))
  await shell(guest('property'), 'setprop persist.standin.boot never')
  await trial.lxc('restart', guest('property'))
  await sleep(1500)
  assert.equal(await trial.booted(guest('property')), false)
})

test('user data that it does not understand changes nothing', async () => {
  await trial.prepare(guest('odd'), '\u0000{"standin":{"boot":"sideways","seconds":"many"}}} \\ %s $x'.repeat(200))
  await trial.lxc('start', guest('odd'))
  await until('boot completed', () => trial.booted(guest('odd')), 3000)
})

test('it boots without a network', async () => {
  await trial.prepare(guest('alone'))
  await trial.lxc('config', 'device', 'add', guest('alone'), 'eth0', 'none')
  await trial.lxc('start', guest('alone'))
  await until('boot completed', () => trial.booted(guest('alone')), 3000)
  assert.match(await shell(guest('alone'), 'ls /sys/class/net'), /^lo\n$/)
})
