// The Android systems: as many as wanted, of this image, running. Those of an earlier run are used again.
import { setTimeout as sleep } from 'node:timers/promises'
import { type AmsClient, AnboxError, LxdClient } from '@anbox/sdk'
import { progress, say } from './display.ts'
import type { Lxd } from './lxd.ts'

const tag = 'quickstart'

export type Wanted = { count: number; image: string; standIn: boolean; signal: AbortSignal }
type Instance = Awaited<ReturnType<AmsClient['instances']['get']>>
export type Row = {
  id: string
  status: string
  lxd: string
  address: string
  bootCompleted: boolean
  bootSeconds: number | null
  release: string
  adb: string
}

/** Gives their ids. Throws what the launch threw when one does not come to life. */
export async function getInstances(client: AmsClient, { count, image, standIn, signal }: Wanted): Promise<string[]> {
  const ours = (await client.instances.list({ tags: [tag] }, { signal })).filter(
    (instance) => instance.image_id === image,
  )
  for (const { id, name } of ours.filter(({ status }) => status === 'error')) {
    say(`removing ${name}, which failed in an earlier run`)
    await (await client.instances.delete(id, { force: true, signal })).wait({ signal })
  }
  const usable = ours.filter(({ status }) => status !== 'error' && status !== 'deleted').slice(0, count)
  if (usable.length > 0) say(`${usable.length} Android systems are there from an earlier run`)
  const ids: string[] = []
  for (const instance of usable) ids.push(await bringUp(client, instance, signal))
  // One after the other: LXD 5.0 may give containers that are made at the same moment one range of user numbers.
  while (ids.length < count) ids.push(await launch(client, image, standIn, signal))
  return ids
}

async function launch(client: AmsClient, image: string, standIn: boolean, signal: AbortSignal): Promise<string> {
  // A real Android gets the API's own defaults: 2 CPUs, 3 GiB of memory, 3 GiB of disk.
  const resources = standIn ? { cpus: 1, memory: 512 * 2 ** 20, disk_size: 2 ** 30 } : undefined
  const operation = await client.instances.launch(
    {
      image_id: image,
      tags: [tag],
      services: [{ name: 'adb', port: 5559, protocols: ['tcp'], expose: false }],
      resources,
    },
    { signal },
  )
  const id = operation.resource('instances') ?? ''
  progress(`launching ${id} …`)
  await operation.wait({ signal, onProgress: (metadata) => progress(`${id}: ${stageOf(metadata)}`) })
  say(`${id} is running`)
  return id
}

/** Starts what is stopped, and waits for what is on its way. */
async function bringUp(client: AmsClient, { id }: Instance, signal: AbortSignal): Promise<string> {
  for (;;) {
    const { status, error_message } = await client.instances.get(id, { signal })
    if (status === 'running') return id
    if (status === 'error') throw new Error(`${id} failed: ${error_message}`)
    if (status === 'stopped') await (await client.instances.start(id, { signal })).wait({ signal })
    else await sleep(300, undefined, { signal })
  }
}

function stageOf(metadata: unknown): string {
  const { progress } = (metadata ?? {}) as { progress?: { stage?: string; message?: string } }
  return [progress?.stage, progress?.message].filter(Boolean).join(', ') || 'on its way'
}

/** Looks into each system through the API's exec, and asks LXD itself which instance it is. */
export async function look(client: AmsClient, lxd: Lxd, ids: string[], signal: AbortSignal): Promise<Row[]> {
  await using root = new LxdClient({ socketPath: lxd.socketPath })
  const names = await root.project(lxd.project).instances.list({ signal })
  return Promise.all(
    ids.map(async (id) => {
      const property = (name: string) => getProperty(client, id, name, signal)
      const [booted, release, instance] = await Promise.all([
        property('sys.boot_completed'),
        property('ro.build.version.release'),
        client.instances.get(id, { signal }),
      ])
      const milliseconds = (instance as Instance & { 'edge.boot_milliseconds'?: number })['edge.boot_milliseconds']
      const port = instance.services?.find(({ name }) => name === 'adb')?.node_port
      return {
        id,
        status: instance.status,
        lxd: names.find(({ config }) => config?.['user.anbox.id'] === id)?.name ?? '',
        address: instance.address,
        bootCompleted: booted === '1',
        bootSeconds: milliseconds === undefined ? null : milliseconds / 1000,
        release,
        adb: port ? `127.0.0.1:${port}` : '',
      }
    }),
  )
}

async function getProperty(client: AmsClient, id: string, name: string, signal: AbortSignal): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return (await client.instances.run(id, ['getprop', name], { signal })).stdout.trim()
    } catch (error) {
      // LXD now and then drops an exec's connection before its end; asking again harms nothing.
      if (!(error instanceof AnboxError) || tries === 3) throw error
    }
  }
}
