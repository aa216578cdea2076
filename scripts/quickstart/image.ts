// The image: the stand-in for Android, built here, or the person's own file; and its way to the agent.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { AmsClient } from '@anbox/sdk'
import { buildGuest } from '../../test/guest/build.ts'
import { SetupError } from '../errors.ts'
import { guestArchitecture } from '../packages.ts'
import { progress } from './display.ts'
import type { State } from './state.ts'

export type GuestImage = { path: string; sha256: string; name: string; standIn: boolean }

export async function getImage(state: State, file: string | undefined, signal: AbortSignal): Promise<GuestImage> {
  if (file === undefined) {
    const arch = guestArchitecture
    const guest = await buildGuest({ arch, out: state.path('guest', `standin-${arch}.tar.gz`), log: progress })
    return { ...guest, name: imageName('standin', guest.sha256), standIn: true }
  }
  if (!existsSync(file)) throw new SetupError(`--image: there is no file ${file}`)
  progress(`reading ${file} …`)
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash, { signal })
  const sha256 = hash.digest('hex')
  const stem = basename(file).replace(/\.(tar|tgz|txz|gz|xz|bz2|img|squashfs)/g, '')
  return {
    path: file,
    sha256,
    name: imageName(stem.replace(/[^A-Za-z0-9_.-]/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'image', sha256),
    standIn: false,
  }
}

// The name says which bytes it stands for, so another file gets another image.
function imageName(stem: string, sha256: string): string {
  return `${stem.slice(0, 100)}-${sha256.slice(0, 8)}`
}

/** Sends the image unless the agent has these very bytes. Gives the image's id. */
export async function uploadImage(
  client: AmsClient,
  image: GuestImage,
  signal: AbortSignal,
): Promise<{ id: string; uploaded: boolean }> {
  const there = (await client.images.list({ signal })).filter(({ name }) => name === image.name)
  const whole = there.find(({ versions }) =>
    versions?.some(({ fingerprint, status }) => fingerprint === image.sha256 && status === 'active'),
  )
  if (whole) return { id: whole.id, uploaded: false }
  // What a run that was cut off left half done.
  for (const { id } of there) await (await client.images.delete(id, { force: true, signal })).wait({ signal })
  const operation = await client.images.upload(image.name, image.path, {
    signal,
    onProgress: ({ transferred, total }) =>
      progress(`sending the image to the agent: ${total ? Math.floor((100 * transferred) / total) : '?'}%`),
  })
  progress('waiting until LXD has unpacked the image …')
  await operation.wait({ signal })
  return { id: operation.resource('images') ?? image.name, uploaded: true }
}
