// The machine's own packages, with a real apt and systemd: security updates in, a restart asked for and honoured, a broken
// package back, the power cut in every state.
import assert from 'node:assert/strict'
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { AptArchive, type DebPackage } from '../live/apt-archive.ts'
import { buildMachineImage } from '../live/machine-image.ts'
import type { Cut } from './engine-process.ts'
import { PatchMachine } from './machine.ts'

const test = suite('patch: packages of the machine', { timeout: 300_000 })
const archive = new AptArchive()
const folder = mkdtempSync(join(tmpdir(), 'patch-packages-'))
const machine = new PatchMachine()
const repeats = Number(process.env.ANBOX_TEST_REPEATS ?? 3)

const demo = (version: string, more: Partial<DebPackage> = {}): DebPackage => ({
  ...{ name: 'edge-demo', version, files: { 'usr/share/edge-demo': version } },
  ...more,
})
/** What the archive has from now on. */
async function offer(...packages: DebPackage[]): Promise<void> {
  const into = join(folder, 'archive')
  archive.write(
    into,
    packages.map((one) => archive.build(one)),
  )
  await machine.put(into, '/srv/archive')
}
const version = (name = 'edge-demo') => machine.sh(`dpkg-query -W -f '\${db:Status-Status} \${Version}' ${name}`)
const ended = (told: Awaited<ReturnType<PatchMachine['patch']>>) =>
  told?.ended.map(({ subject, outcome }) => `${subject} ${outcome}`)

test.before(
  async () => {
    await machine.start(await buildMachineImage())
    writeFileSync(join(folder, 'test.gpg'), archive.key)
    await machine.lxd.instances.files.put(machine.name, '/etc/apt/test.gpg', archive.key)
    await machine.sh(
      'rm -rf /etc/apt/sources.list.d/*; echo "deb [signed-by=/etc/apt/test.gpg] file:/srv/archive ./" >/etc/apt/sources.list',
    )
    // It has no network to wait for, and nothing in there needs a minute and a half to end.
    await machine.sh('systemctl mask systemd-networkd-wait-online')
    await machine.sh(
      'printf "[Manager]\\nDefaultTimeoutStopSec=3s\\n" >>/etc/systemd/system.conf; systemctl daemon-reexec',
    )
    await offer(demo('1.0'))
    await machine.sh('apt-get update -qq && apt-get install -y -qq edge-demo')
  },
  { timeout: 600_000 },
)
test.after(async () => {
  await machine[Symbol.asyncDispose]()
  archive[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

test('nothing newer, nothing done; then a security update goes in', async () => {
  assert.deepEqual((await machine.patch('packages'))?.patches, [])
  await offer(demo('1.0'), demo('1.1'))
  const told = await machine.patch('packages')
  assert.deepEqual([await version(), ended(told)], ['installed 1.1', ['system applied']])
  assert.match(told?.ended[0]?.title ?? '', /edge-demo 1\.1/)
  await machine.sh('test ! -e /var/lib/replaced-packages/system')
})

test('a package that does not install is taken back, whole, and not tried again', async () => {
  await offer(demo('1.1'), demo('1.2', { postinst: 'echo "it does not start" >&2; exit 1' }))
  const told = await machine.patch('packages')
  assert.deepEqual([await version(), told?.ended[0]?.outcome], ['installed 1.1', 'reverted'])
  assert.match(told?.ended[0]?.reason ?? '', /edge-demo|dpkg/)
  await machine.sh('dpkg --audit && apt-get check -qq')
  const again = await machine.patch('packages')
  assert.equal(again?.ended.length, told?.ended.length)
  await offer(demo('1.1'), demo('1.3'))
  await machine.patch('packages')
  assert.equal(await version(), 'installed 1.3')
})

test('what is half installed already is no fault of a patch: it waits, and says so', async () => {
  const strange = archive.build({ name: 'edge-strange', version: '1', postinst: 'exit 1' })
  await machine.lxd.instances.files.put(machine.name, '/root/strange.deb', createReadStream(strange))
  await machine.sh('! dpkg -i /root/strange.deb 2>/dev/null')
  await offer(demo('1.3'), demo('1.4'))
  const told = await machine.patch('packages', { maxRounds: 5 })
  assert.match(told?.patches[0]?.last_error ?? '', /half installed already.*edge-strange/)
  assert.equal(await version(), 'installed 1.3')
  await machine.sh('dpkg -r edge-strange')
  await machine.patch('packages')
  assert.equal(await version(), 'installed 1.4')
})

test('an archive that is away or forged is told, and changes nothing', async () => {
  await machine.sh('mv /srv/archive /srv/away')
  const away = await machine.patch('packages')
  assert.match(away?.problems.packages ?? '', /archive/)
  await machine.sh('mv /srv/away /srv/archive')
  const into = join(folder, 'archive')
  archive.write(into, [archive.build(demo('1.5'))], true)
  await machine.put(into, '/srv/archive')
  assert.match((await machine.patch('packages'))?.problems.packages ?? '', /sign/i)
  assert.equal(await version(), 'installed 1.4')
})

test('a kernel and its driver go in together and the machine restarts once; one that breaks goes back with both', async () => {
  const wants = 'mkdir -p /run; touch /run/reboot-required; echo linux-image-test >>/run/reboot-required.pkgs'
  const kernel = (number: string, postinst = wants): DebPackage => ({
    name: 'linux-image-test',
    version: number,
    postinst,
  })
  const driver = (number: string): DebPackage => ({ name: 'nvidia-driver-test', version: number })
  await offer(demo('1.4'), kernel('1'), driver('1'))
  await machine.sh(
    'apt-get update -qq && apt-get install -y -qq linux-image-test nvidia-driver-test && rm -f /run/reboot-required*',
  )
  const started = () => machine.sh('cut -d " " -f 22 /proc/1/stat')
  const before = await started()
  await offer(demo('1.4'), kernel('1'), driver('1'), kernel('2'), driver('2'))
  const told = await machine.patch('packages', { policy: { reboot: 'yes' } })
  await machine.up()
  assert.equal(told?.ended[0]?.outcome, 'applied', told?.ended[0]?.reason)
  assert.deepEqual(
    [await version('linux-image-test'), await version('nvidia-driver-test')],
    ['installed 2', 'installed 2'],
  )
  const after = await started()
  assert.notEqual(after, before)
  await offer(demo('1.4'), kernel('2'), driver('2'), kernel('3', 'exit 1'), driver('3'))
  const back = await machine.patch('packages', { policy: { reboot: 'yes' } })
  assert.equal(back?.ended[0]?.outcome, 'reverted')
  assert.deepEqual(
    [await version('linux-image-test'), await version('nvidia-driver-test')],
    ['installed 2', 'installed 2'],
  )
  // Not restarted for what never ran.
  assert.equal(await started(), after)
})

test('a restart that updates asked for is a patch of its own', async () => {
  await machine.sh('touch /run/reboot-required; echo libc6 >/run/reboot-required.pkgs')
  const before = await machine.sh('cut -d " " -f 22 /proc/1/stat')
  const kept = await machine.patch('packages')
  assert.deepEqual(kept?.patches, [])
  const told = await machine.patch('packages', { policy: { reboot: 'yes' } })
  await machine.up()
  assert.deepEqual(told?.ended[0] && [told.ended[0].subject, told.ended[0].outcome], ['reboot', 'applied'])
  assert.match(told?.ended[0]?.title ?? '', /libc6/)
  assert.notEqual(await machine.sh('cut -d " " -f 22 /proc/1/stat'), before)
})

test('a machine that asks again after its restart is restarted once, and that is told', async () => {
  const started = () => machine.sh('cut -d " " -f 22 /proc/1/stat')
  await machine.sh('echo "f /run/reboot-required" >/etc/tmpfiles.d/again.conf; touch /run/reboot-required')
  const told = await machine.patch('packages', { policy: { reboot: 'yes' } })
  await machine.up()
  assert.deepEqual(told?.ended[0] && [told.ended[0].subject, told.ended[0].outcome], ['reboot', 'reverted'])
  assert.match(told?.ended[0]?.reason ?? '', /still asks for a restart for installed updates/)
  const after = await started()
  const again = await machine.patch('packages', { policy: { reboot: 'yes' } })
  assert.deepEqual([again?.patches, await started()], [[], after])
  await machine.sh('rm -f /etc/tmpfiles.d/again.conf /run/reboot-required')
})

const power = 'the power cut in every state, agent and machine: patched or as before, never in between'
test(power, { timeout: 3000_000 }, async () => {
  const states: Cut['state'][] = ['fetching', 'ready', 'measuring', 'applying', 'checking', 'committing', 'reverting']
  let [number, cuts] = [10, 0]
  for (let repeat = 0; repeat < repeats; repeat += 1)
    for (const state of states)
      for (const when of ['written', 'worked'] as const) {
        const bad = state === 'reverting'
        const [old, next] = [`2.${number}`, `2.${number + 1}`]
        number += 2
        await offer(demo(old))
        await machine.sh('apt-get update -qq && apt-get install -y -qq edge-demo')
        await offer(demo(old), demo(next, bad ? { postinst: 'exit 1' } : {}))
        if ((await machine.patch('packages', {}, { state, when })) === undefined) cuts += 1
        await machine.power('stop')
        await machine.power('start')
        const told = await machine.patch('packages')
        const said = `${state}, ${when}`
        assert.equal(await version(), `installed ${bad ? old : next}`, said)
        assert.equal(told?.ended[0]?.outcome, bad ? 'reverted' : 'applied', said)
        assert.deepEqual(told?.patches, [], said)
        await machine.sh('test -z "$(dpkg --audit)"')
      }
  console.log(`\n  ${cuts} of ${repeats * states.length * 2} cut`)
  assert.ok(cuts >= repeats * states.length)
})
