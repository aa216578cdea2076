// The Debian package on a machine with systemd: installed, started by its unit, looked after, removed and purged.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { LxdClient, type RunResult } from '@anbox/sdk'
import { buildDeb } from '../../scripts/deb.ts'
import { until } from './edge.ts'
import { buildMachineImage } from './machine-image.ts'

const test = suite('the Debian package', { timeout: 300_000 })
const name = `deb-${randomBytes(4).toString('hex')}`
const lxd = new LxdClient({ socketPath: join(String(process.env.ANBOX_TEST_LXD), 'unix.socket') })
let fingerprint = ''

/** As root on the machine. @throws with what it said when it fails. */
async function on(script: string, codes = [0]): Promise<RunResult> {
  const result = await lxd.instances.run(name, ['sh', '-c', script])
  assert.ok(codes.includes(result.exitCode), `${script}: ${result.exitCode}\n${result.stdout}${result.stderr}`)
  return result
}

test.before(
  async () => {
    // First: it builds the packages too, and that empties the folder where the package will be.
    const machine = await buildMachineImage()
    const deb = await buildDeb()
    const image = await (await lxd.images.import(machine)).wait()
    fingerprint = String(image.metadata.fingerprint)
    await (
      await lxd.instances.create({
        name,
        source: { type: 'image', fingerprint },
        profiles: [],
        // systemd's sandbox of a unit is made of namespaces.
        config: { 'security.nesting': 'true' },
        devices: { root: { type: 'disk', path: '/', pool: 'default' } },
      })
    ).wait()
    await (await lxd.instances.setState(name, { action: 'start', timeout: -1 })).wait()
    await until(async () => /running|degraded/.test((await on('systemctl is-system-running || true')).stdout))
    await lxd.instances.files.put(name, '/root/anbox-edge.deb', createReadStream(deb))
  },
  { timeout: 600_000 },
)
test.after(async () => {
  await (await lxd.instances.setState(name, { action: 'stop', force: true, timeout: -1 })).wait().catch(() => {})
  await (await lxd.instances.delete(name)).wait().catch(() => {})
  await (await lxd.images.delete(fingerprint)).wait().catch(() => {})
  await lxd.close()
})

test('it is installed and does not start by itself', async () => {
  await on('dpkg --force-depends -i /root/anbox-edge.deb')
  assert.match((await on('anbox-edge --version')).stdout, /^\d+\.\d+\.\d+/)
  assert.match((await on('anbox-pki --help')).stdout, /Usage/)
  assert.equal((await on('systemctl is-active anbox-edge || true')).stdout.trim(), 'inactive')
})

test('its unit exposes little, by systemd itself', async () => {
  const { stdout } = await on('systemd-analyze security --no-pager anbox-edge.service | tail -1')
  const score = Number(/: (\d+\.\d+)/.exec(stdout)?.[1])
  console.log(`\n  ${stdout.trim()}`)
  assert.ok(score > 0 && score < 3, stdout)
})

test('the services of the machine go before its guests', async () => {
  assert.equal((await on('systemctl show -p CPUWeight system.slice')).stdout.trim(), 'CPUWeight=1000')
})

test('it starts without an LXD, says what it waits for, and ends when it is asked to', async () => {
  await on(
    'mkdir -p /var/lib/lxd && sed -i "s|^lxd:|lxd:\\n  socket: /var/lib/lxd/unix.socket|" /etc/anbox-edge/config.yaml',
  )
  await on('systemctl start anbox-edge')
  assert.match((await on('systemctl show -p StatusText anbox-edge')).stdout, /waiting for LXD/)
  assert.match((await on('anbox-edge status')).stdout, /offline/)
  assert.match((await on('anbox-edge doctor', [1])).stdout, /^failed +LXD/m)
  assert.match((await on('journalctl -u anbox-edge -o cat')).stdout, /"the agent is ready"/)
  // Its sandbox lets it change nothing on the machine: apt runs beside it.
  await on('rm -rf /etc/apt/sources.list.d/*; : >/etc/apt/sources.list; anbox-edge patch check')
  const told = async () => JSON.parse((await on('anbox-edge patch --json')).stdout)
  await until(async () => (await told()).checked_at !== '')
  const { problems } = await told()
  assert.deepEqual([problems.packages, problems.snaps], [undefined, 'there is no snapd on this machine'])
  await on('systemctl stop anbox-edge')
})

test('removed it leaves its state; purged it leaves nothing', async () => {
  await on('systemctl enable --now anbox-edge && dpkg -r anbox-edge')
  for (const left of ['/var/lib/anbox-edge/agent.db', '/etc/anbox-edge/config.yaml']) await on(`test -e ${left}`)
  // The image of the machine has a Node of its own there.
  assert.equal((await on('find /opt/anbox-edge -mindepth 1 -not -path "*/bin*" 2>/dev/null || true')).stdout, '')
  await on('dpkg -P anbox-edge && test ! -e /var/lib/anbox-edge && test ! -e /etc/anbox-edge/config.yaml')
})
