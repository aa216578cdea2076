// The SDK's LXD client.
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { type Exec, LxdClient } from '@anbox/sdk'
import { bootCheck, type Target, type Work } from './orders.ts'
import { count, serve, timed, untilBooted } from './serve.ts'

export function credentials(target: Target) {
  if ('socketPath' in target) return { socketPath: target.socketPath }
  const { url, certificate, key, ca } = target
  const pem = (file: string) => readFileSync(file, 'utf8')
  return { url, certificate: pem(certificate), key: pem(key), ca: pem(ca) }
}

export async function read({ stdout, stderr, done }: Exec, bytes: number, slow?: boolean): Promise<void> {
  stderr.resume()
  await Promise.all([count(stdout, bytes, slow), done])
}

function open(target: Target): Work {
  const client = new LxdClient(credentials(target))
  const { server, instances, images } = client
  let heard = () => {}
  const listen = async () => {
    const stream = await client.events({ types: ['lifecycle'] }).open()
    void (async () => {
      for await (const _ of stream) heard()
    })()
  }
  let listening: Promise<void> | undefined
  return {
    get: () => timed(() => server.get()),
    list: () => timed(() => instances.list()),
    exec: ({ instance }) => timed(() => instances.run(instance, ['true'])),
    output: ({ instance, command, bytes, slow }) =>
      timed(async () => read(await instances.exec(instance, { command, stdin: '' }), bytes, slow)),
    push: ({ instance, file }) =>
      timed(() => instances.files.put(instance, '/tmp/bench', createReadStream(file, { highWaterMark: 256 * 1024 }))),
    pull: ({ instance, file }) =>
      timed(async () => {
        const found = await instances.files.get(instance, '/tmp/bench')
        if (found.type !== 'file') throw new Error('/tmp/bench is no file')
        await pipeline(found.stream, createWriteStream(file))
      }),
    import: async ({ file }) => {
      let fingerprint = ''
      const time = await timed(async () => {
        fingerprint = (await (await images.import(file)).wait()).metadata.fingerprint
      })
      await (await images.delete(fingerprint)).wait()
      return time
    },
    event: async ({ instance }) => {
      listening ??= listen()
      await listening
      // Events of what the others changed were heard long ago.
      const event = Promise.withResolvers<void>()
      heard = event.resolve
      return await timed(async () => {
        await instances.patch(instance, { config: { 'user.bench': String(Math.random()) } })
        await event.promise
      })
    },
    launch: async ({ body }) => {
      const { name } = body
      const time = await timed(async () => {
        await (await instances.create(body)).wait()
        await (await instances.setState(name, { action: 'start' })).wait()
        await untilBooted(async () => {
          const { stdout } = await instances.run(name, bootCheck.command)
          return stdout.trim() === bootCheck.expect
        })
      })
      await (await instances.setState(name, { action: 'stop', force: true })).wait()
      await (await instances.delete(name)).wait()
      return time
    },
  }
}

if (import.meta.main) await serve(open)
