// One guest in a project of its own, on the LXD that the environment names, for tests of the SDK's LXD client.

import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LxdClient, type Progress } from '@anbox/sdk'

const given = (name: string) => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run this with "npm test -- ${process.argv[2] ?? ''}"`)
  return value
}

export class Guest implements AsyncDisposable {
  readonly socketPath: string
  readonly project = `sdk-${process.pid}`
  readonly name = `sdk-guest-${process.pid}`
  /** As the project's. */
  readonly lxd: LxdClient
  /** As nobody's: the default project. */
  readonly host: LxdClient
  /** Of the import of the image. */
  readonly progress: Progress[] = []
  fingerprint = ''

  constructor(directory: string = given('ANBOX_TEST_LXD')) {
    this.socketPath = join(directory, 'unix.socket')
    this.host = new LxdClient({ socketPath: this.socketPath })
    this.lxd = this.host.project(this.project)
  }

  async start(): Promise<this> {
    await this.host.projects.create({
      name: this.project,
      config: { 'features.profiles': 'false', 'features.images': 'true' },
    })
    const importing = await this.lxd.images.import(given('ANBOX_TEST_GUEST'), {
      onProgress: (progress) => this.progress.push(progress),
    })
    this.fingerprint = (await importing.wait()).metadata.fingerprint
    await (
      await this.lxd.instances.create({ name: this.name, source: { type: 'image', fingerprint: this.fingerprint } })
    ).wait()
    await (await this.lxd.instances.setState(this.name, { action: 'start' })).wait()
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { lxd, host } = this
    for (const { name, status } of await lxd.instances.list()) {
      if (status === 'Running') await (await lxd.instances.setState(name, { action: 'stop', force: true })).wait()
      await (await lxd.instances.delete(name)).wait()
    }
    for (const { fingerprint } of await lxd.images.list()) await (await lxd.images.delete(fingerprint)).wait()
    await host.projects.delete(this.project)
    await host.close()
  }
}

/** A way to LXD that can be cut: the connections of the event socket, and those only. */
export async function cuttable(socketPath: string) {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-way-'))
  const events = new Set<Socket>()
  const all = new Set<Socket>()
  const state = { refuse: false, opened: 0 }
  const server = createServer((near) => {
    const far = connect(socketPath)
    all.add(near)
    near.once('data', (first) => {
      if (first.toString('latin1').startsWith('GET /1.0/events')) {
        state.opened += 1
        events.add(near)
        if (state.refuse) return near.destroy()
      }
      far.write(first)
      near.pipe(far)
    })
    far.pipe(near)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const)
      one.on('error', () => {}).on('close', () => other.destroy())
    near.on('close', () => events.delete(near) && all.delete(near))
  })
  const path = join(folder, 'socket')
  await new Promise<void>((done) => server.listen(path, done))
  return Object.assign(state, {
    socketPath: path,
    cut: () => {
      for (const socket of events) socket.destroy()
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of all) socket.destroy()
      await new Promise((done) => server.close(done))
      rmSync(folder, { recursive: true })
    },
  })
}
