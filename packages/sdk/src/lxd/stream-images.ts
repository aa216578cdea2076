// The images in a document of a simplestreams server. The format is that of LXD's own image servers: `products:1.0`, a
// product for each system and architecture, a version for each build, and in it the files. The file with the metadata names
// the fingerprint that the image gets with each of the root file systems.
import { ServerError } from '../errors.ts'

export type StreamFile = { type: string; path: string; sha256: string /** In bytes. */; size: number }
export type StreamImage = {
  /** As LXD names the image: the SHA-256 of its one file, or of its two, one after the other. */
  fingerprint: string
  type: 'container' | 'virtual-machine'
  /** Its one file, or its metadata and its root file system. */
  files: [StreamFile] | [StreamFile, StreamFile]
  /** Of all its files, in bytes. */
  size: number
  /** Of its build; a later one is greater when compared as text. */
  version: string
  /** Of the product, such as `ubuntu:noble:arm64:default`. */
  product: string
  aliases: string[]
  /** In the kernel's words, which LXD uses too, such as `aarch64`. */
  architecture: string
  os: string
  release: string
  variant?: string
}

/** Root file systems, best first, and where the metadata has the fingerprint that goes with each. */
const roots = [
  ['squashfs', 'container', ['combined_squashfs_sha256']],
  ['root.tar.xz', 'container', ['combined_rootxz_sha256', 'combined_sha256']],
  ['disk-kvm.img', 'virtual-machine', ['combined_disk-kvm-img_sha256']],
  ['disk1.img', 'virtual-machine', ['combined_disk1-img_sha256']],
  ['uefi1.img', 'virtual-machine', ['combined_uefi1-img_sha256']],
] as const
const metadataTypes = ['lxd.tar.xz', 'incus.tar.xz']
const wholeTypes = ['lxd_combined.tar.gz', 'incus_combined.tar.gz']

// Debian's names for what the kernel calls otherwise.
const architectures: Record<string, string> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  armhf: 'armv7l',
  i386: 'i686',
  ppc64el: 'ppc64le',
}
/** The kernel's name of an architecture, whichever name is given. */
export const kernelName = (architecture: string): string => architectures[architecture] ?? architecture

/**
 * The images of a document, each once per root file system. What has no SHA-256, no size, or a path that leads elsewhere
 * cannot be fetched safely and is left out.
 *
 * @throws ServerError when it is no such document
 */
export function readProducts(document: unknown): StreamImage[] {
  const { format, products } = record(document)
  if (format !== 'products:1.0') throw new ServerError('the list of images is not in the format products:1.0')
  return entries(products).flatMap(([name, product]) =>
    entries(product.versions).flatMap(([version, { items }]) =>
      imagesOf(entries(items).map(([, item]) => item)).map((found) => ({
        ...found,
        size: found.files.reduce((sum, { size }) => sum + size, 0),
        version,
        product: name,
        aliases: text(product.aliases).split(',').filter(Boolean),
        architecture: kernelName(text(product.arch)),
        os: text(product.os),
        release: text(product.release),
        ...(text(product.variant) && { variant: text(product.variant) }),
      })),
    ),
  )
}

type Item = Record<string, unknown>
function imagesOf(items: Item[]): Pick<StreamImage, 'fingerprint' | 'type' | 'files'>[] {
  const whole = items.flatMap((item) => {
    const file = wholeTypes.includes(text(item.ftype)) && fileOf(item)
    return file ? [{ fingerprint: file.sha256, type: 'container' as const, files: [file] as [StreamFile] }] : []
  })
  const metadata = items.find((item) => metadataTypes.includes(text(item.ftype)))
  const first = metadata && fileOf(metadata)
  if (!first) return whole
  const split = roots.flatMap(([ftype, type, names]) => {
    const item = items.find((one) => one.ftype === ftype)
    const second = item && fileOf(item)
    const fingerprint = names.map((name) => metadata[name]).find(isHash)
    return second && fingerprint ? [{ fingerprint, type, files: [first, second] as [StreamFile, StreamFile] }] : []
  })
  return [...split, ...whole]
}

function fileOf({ ftype, path, sha256, size }: Item): StreamFile | undefined {
  if (!isHash(sha256) || !isPath(path) || !Number.isSafeInteger(size) || (size as number) < 0) return
  return { type: text(ftype), path, sha256, size: size as number }
}

const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
/** Relative, and below the server's own folder. */
export const isPath = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^[\w@+:.,~-]+(\/[\w@+:.,~-]+)*$/.test(value) &&
  !value.split('/').some((name) => name === '.' || name === '..')

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
const entries = (value: unknown): [string, Record<string, unknown>][] =>
  Object.entries(record(value)).map(([name, one]) => [name, record(one)])
