// What the guest's tests stand on: a private LXD that the environment names, and an adb server of their own.
import { type ChildProcess, execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export type Outcome = { code: number; stdout: Buffer; stderr: string }
export type Trial = {
  image: string
  folder: string
  env: NodeJS.ProcessEnv
  lxc(...args: string[]): Promise<string>
  adb(...args: string[]): Promise<Outcome>
  /** A guest by this name, not yet started, reached by adb at the address given. */
  prepare(name: string, userdata?: string): Promise<string>
  booted(name: string): Promise<boolean>
  end(): Promise<void>
}

/** @throws Error when the environment names no LXD or no image */
export async function startTrial(): Promise<Trial> {
  const { ANBOX_TEST_LXD: lxd, ANBOX_TEST_GUEST: image } = process.env
  if (!lxd || !image)
    throw new Error('set ANBOX_TEST_LXD to a running LXD’s folder and ANBOX_TEST_GUEST to the guest’s image file')
  const folder = await mkdtemp(join(tmpdir(), 'guest-test-'))
  const alias = `guest-test-${process.pid}`
  const names: string[] = []
  // Both tools keep settings in the home folder; adb's server is found by its port, and is on the loopback only.
  const port = String(await freePort())
  const env = { ...process.env, LXD_DIR: lxd, LXD_CONF: folder, HOME: folder, ANDROID_ADB_SERVER_PORT: port }

  const lxc = async (...args: string[]) => {
    const { code, stdout, stderr } = await outcome('lxc', args, env)
    if (code !== 0) throw new Error(`lxc ${args.join(' ')}: ${stderr.trim()}`)
    return stdout.toString()
  }
  const adb = (...args: string[]) => outcome('adb', args, env)
  const prepare = async (name: string, userdata?: string) => {
    const address = `127.0.0.1:${await freePort()}`
    await lxc('init', alias, name)
    names.push(name)
    const proxy = [`listen=tcp:${address}`, 'connect=tcp:127.0.0.1:5559']
    await lxc('config', 'device', 'add', name, 'adb', 'proxy', ...proxy)
    if (userdata !== undefined) {
      await writeFile(join(folder, 'userdata'), userdata)
      await lxc('file', 'push', join(folder, 'userdata'), `${name}/var/lib/anbox/userdata`)
    }
    return address
  }
  const booted = async (name: string) => (await lxc('exec', name, '--', 'getprop', 'sys.boot_completed')).trim() === '1'
  const end = async () => {
    await adb('kill-server')
    // LXD refuses while it is still at work on a reboot or stop of the guest's own making, and lists no operation for it.
    const deleted = (name: string) =>
      lxc('delete', '--force', name).then(
        () => true,
        (error) => {
          if (String(error).includes('busy')) return false
          throw error
        },
      )
    for (const name of names) await until(`${name} deleted`, () => deleted(name), 30_000)
    await lxc('image', 'delete', alias)
    await rm(folder, { recursive: true, force: true })
  }
  await lxc('image', 'import', image, '--alias', alias)
  return { image, folder, env, lxc, adb, prepare, booted, end }
}

/** Waits until something is so, and says for how many milliseconds. */
export async function until(what: string, check: () => Promise<boolean>, limit = 10_000): Promise<number> {
  const start = performance.now()
  while (!(await check())) {
    if (performance.now() - start > limit) throw new Error(`not within ${limit} ms: ${what}`)
    await sleep(50)
  }
  return performance.now() - start
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  return address.port
}

function outcome(program: string, args: string[], env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = { env, encoding: 'buffer', maxBuffer: 256 << 20, timeout: 60_000 } as const
    const child: ChildProcess = execFile(program, args, options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(error)
      resolve({ code: child.exitCode ?? -1, stdout, stderr: stderr.toString() })
    })
    child.stdin?.end()
  })
}
