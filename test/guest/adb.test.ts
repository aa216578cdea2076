import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { apk } from './apk.ts'
import { startTrial, type Trial, until } from './trial.ts'

const test = suite('stand-in for Android: real adb', { timeout: 30_000 })
const name = `guest-${process.pid}-adb`
let trial: Trial
let address: string
const adb = (...args: string[]) => trial.adb('-s', address, ...args)
const local = (path: string) => `${trial.folder}/${path}`

test.before(
  async () => {
    trial = await startTrial()
    address = await trial.prepare(name)
    await trial.lxc('start', name)
    await until('boot completed', () => trial.booted(name))
  },
  { timeout: 30_000 },
)
test.after(() => trial?.end(), { timeout: 60_000 })

test('adb connects and lists it as a device', async () => {
  const connected = await trial.adb('connect', address)
  assert.equal(connected.stdout.toString(), `connected to ${address}\n`)
  const devices = (await trial.adb('devices', '-l')).stdout.toString()
  assert.match(devices, new RegExp(`^${address} +device product:anbox_edge_standin model:Anbox_Edge_stand_in`, 'm'))
})

test('a shell command gives its output, and stdout and stderr apart', async () => {
  assert.equal((await adb('shell', 'getprop', 'sys.boot_completed')).stdout.toString(), '1\n')
  const both = await adb('shell', 'echo out; echo err >&2')
  assert.equal(both.stdout.toString(), 'out\n')
  assert.equal(both.stderr, 'err\n')
})

test('a shell command gives its exit status, a signal too', async () => {
  assert.equal((await adb('shell', 'exit 7')).code, 7)
  assert.equal((await adb('shell', 'true')).code, 0)
  assert.equal((await adb('shell', 'kill -9 $$')).code, 137)
})

test('a shell command reads its input to the end', async () => {
  const input = randomBytes(300_000).toString('base64')
  const child = spawn('adb', ['-s', address, 'shell', 'cat'], { env: trial.env })
  child.stdin.end(input)
  let output = ''
  for await (const text of child.stdout.setEncoding('utf8')) output += text
  assert.ok(output === input, `${output.length} of ${input.length}`)
})

test('5 MB come back as they were pushed, with mode and time; an empty file too', async () => {
  const data = randomBytes(5e6)
  await writeFile(local('five'), data, { mode: 0o750 })
  await writeFile(local('none'), '')
  for (const file of ['five', 'none']) {
    assert.equal((await adb('push', local(file), `/data/local/tmp/deep/er/${file}`)).code, 0)
    assert.equal((await adb('pull', '-a', `/data/local/tmp/deep/er/${file}`, local(`${file}.back`))).code, 0)
  }
  assert.ok(data.equals(await readFile(local('five.back'))))
  assert.equal((await stat(local('none.back'))).size, 0)
  assert.equal((await stat(local('five.back'))).mode & 0o777, 0o750)
  const seconds = async (file: string) => Math.floor((await stat(local(file))).mtimeMs / 1000)
  assert.equal(await seconds('five.back'), await seconds('five'))
})

test('a folder is pushed and pulled whole', async () => {
  await mkdir(local('tree/a/b'), { recursive: true })
  await writeFile(local('tree/a/b/deep'), 'deep')
  await writeFile(local('tree/top'), 'top')
  await symlink('top', local('tree/link'))
  assert.equal((await adb('push', local('tree'), '/data/local/tmp/tree')).code, 0)
  assert.equal((await adb('pull', '/data/local/tmp/tree', local('back'))).code, 0)
  assert.equal(await readFile(local('back/a/b/deep'), 'utf8'), 'deep')
  assert.equal(await readFile(local('back/top'), 'utf8'), 'top')
})

test('what cannot be pushed or pulled fails with the reason, and the connection stays', async () => {
  const pull = await adb('pull', '/no/such', local('x'))
  assert.match(pull.stdout.toString() + pull.stderr, /does not exist/)
  const unreadable = await adb('pull', '/proc/1/mem', local('x'))
  assert.match(unreadable.stdout.toString() + unreadable.stderr, /\/proc\/1\/mem: Input\/output error/)
  const push = await adb('push', local('five'), '/proc/nothing')
  assert.notEqual(push.code, 0)
  assert.match(push.stdout.toString() + push.stderr, /\/proc\/nothing/)
  assert.equal((await adb('shell', 'ls /data/local/tmp | grep -c sync')).stdout.toString(), '0\n')
})

test('50 MB of output arrive whole', async () => {
  await adb('shell', 'head -c 50000000 /dev/urandom > /data/local/tmp/big')
  const sum = (await adb('shell', 'md5sum < /data/local/tmp/big')).stdout.toString().split(' ')[0]
  const { stdout } = await adb('shell', 'cat /data/local/tmp/big')
  assert.equal(stdout.length, 50_000_000)
  assert.equal(createHash('md5').update(stdout).digest('hex'), sum)
  await adb('shell', 'rm /data/local/tmp/big')
})

test('20 shells run at once', async () => {
  const start = performance.now()
  const outputs = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => (await adb('shell', `sleep 1; echo ${i}`)).stdout.toString().trim()),
  )
  assert.deepEqual(
    outputs,
    Array.from({ length: 20 }, (_, i) => String(i)),
  )
  assert.ok(performance.now() - start < 10_000)
})

test('an interactive shell has a terminal of the right size and gives its exit status', async () => {
  const command = `stty rows 33 cols 101; adb -s ${address} shell`
  const child = spawn('script', ['-qec', command, '/dev/null'], { env: trial.env })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const exit = new Promise((resolve) => child.on('exit', resolve))
  const shows = (what: RegExp) => until(`${what} in ${JSON.stringify(output)}`, async () => what.test(output))
  await shows(/standin:\/ # /)
  child.stdin.write('stty size; tty; echo $TERM\r')
  await shows(/33 101\r+\n\/dev\/pts\/\d+\r+\n/)
  child.stdin.write('sleep 60\r')
  await sleep(500)
  child.stdin.write('\x03') // the terminal interrupts what runs in it
  await sleep(200)
  child.stdin.write('exit 3\r')
  assert.equal(await exit, 3)
})

test('a shell whose client goes away ends', async () => {
  const child = spawn('adb', ['-s', address, 'shell', 'sleep 4321'], { env: trial.env, stdio: 'ignore' })
  const running = async () => (await trial.lxc('exec', name, '--', 'ps')).includes('sleep 4321')
  await until('it runs', running)
  child.kill('SIGKILL')
  await until('it ended', async () => !(await running()))
})

test('adb installs a package and reads the log', async () => {
  await writeFile(local('com.example.adb.apk'), apk({ 'classes.dex': '' }))
  const installed = await adb('install', local('com.example.adb.apk'))
  assert.match(installed.stdout.toString() + installed.stderr, /Success/)
  assert.match((await adb('logcat', '-d')).stdout.toString(), /PackageManager: installed com.example.adb/)
})

test('bytes that are not adb do not disturb it', async () => {
  const [host = '', port] = address.split(':')
  const header = (command: string, length: number, magic = 0) => {
    const packet = Buffer.alloc(24)
    packet.write(command)
    packet.writeUInt32LE(0x01000001, 4)
    packet.writeUInt32LE(length, 12)
    packet.writeUInt32LE(magic || ~packet.readUInt32LE(0) >>> 0, 20)
    return packet
  }
  const attacks = [
    randomBytes(100_000),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    header('CNXN', 0xffffffff),
    header('CNXN', 0, 1),
    header('OPEN', 0),
    Buffer.concat([header('CNXN', 0), randomBytes(1000)]),
    Buffer.concat([header('CNXN', 0), header('WRTE', 0), header('CLSE', 0), header('OKAY', 0), header('OPEN', 0)]),
    header('CNXN', 10), // and never the ten bytes
  ]
  const before = (await trial.lxc('exec', name, '--', 'pidof', 'adbd')).trim().split(' ')
  const sockets: Socket[] = attacks.map(() =>
    connect(Number(port), host)
      .on('error', () => {})
      .resume(),
  )
  sockets.forEach((socket, i) => {
    socket.write(attacks[i] ?? '')
  })
  await sleep(500)
  assert.equal((await adb('shell', 'echo alive')).stdout.toString(), 'alive\n')
  for (const socket of sockets) socket.destroy()
  const after = (await trial.lxc('exec', name, '--', 'pidof', 'adbd')).trim().split(' ')
  assert.ok(
    before.every((pid) => after.includes(pid)),
    `${before} in ${after}`,
  )
})

test('adb restarts it', async () => {
  await adb('reboot')
  const state = 'cat /var/log/android.log.1; getprop sys.boot_completed'
  const log = () => trial.lxc('exec', name, '--', 'sh', '-c', state).catch(() => 'stopped')
  await until('it is back', async () => /phase boot_completed[\s\S]*\n1\n$/.test(await log()))
})
