import type { Readable } from 'node:stream'
import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import { ownHeaders } from './headers.ts'
import { Collection, Editable, Named } from './named.ts'
import type {
  ResourcesStoragePool,
  StoragePool,
  StoragePoolPut,
  StoragePoolsPost,
  StoragePoolVolumeBackup,
  StorageVolume,
  StorageVolumePost,
  StorageVolumePut,
  StorageVolumeSnapshot,
  StorageVolumeSnapshotPut,
  StorageVolumeSnapshotsPost,
  StorageVolumeState,
  StorageVolumesPost,
  VolumeBackupsPost,
} from './types.ts'

/** `custom` volumes are made by themselves, the others with what they belong to. */
export type VolumeType = 'custom' | 'container' | 'virtual-machine' | 'image'

export class StoragePools extends Named<StoragePool, StoragePoolsPost, StoragePoolPut> {
  constructor(api: Api) {
    super(api, '/1.0/storage-pools')
  }

  /** Space and inodes, used and in all. */
  resources(name: string, options?: CallOptions): Promise<ResourcesStoragePool> {
    return this.api.get(`${this.at(name)}/resources`, {}, options)
  }

  /** The volumes of a pool, of one type. */
  volumes(pool: string, type: VolumeType = 'custom'): StorageVolumes {
    return new StorageVolumes(this.api, this.at(pool), type)
  }

  /** Makes a volume whose type is named in the body: `custom`, as LXD makes no other. */
  createVolume(pool: string, body: StorageVolumesPost & { type: 'custom' }, options?: CallOptions): Promise<Operation> {
    return this.api.start('POST', `${this.at(pool)}/volumes`, { body, ...options })
  }

  /** The volumes of a pool, of every type. `filter` is in LXD's own filter language. */
  allVolumes(pool: string, { filter, ...options }: CallOptions & { filter?: string } = {}): Promise<StorageVolume[]> {
    return this.api.get(`${this.at(pool)}/volumes`, { recursion: 1, filter }, options)
  }
}

export class StorageVolumes extends Editable<StorageVolume, StorageVolumePut> {
  constructor(api: Api, pool: string, type: VolumeType) {
    super(api, `${pool}/volumes${path`/${type}`}`)
  }

  /** Makes an empty one, or with `source` a copy, for which LXD takes its time. */
  create(body: StorageVolumesPost, options?: CallOptions): Promise<Operation> {
    return this.api.start('POST', this.base, { body, ...options })
  }

  /** Makes one of a backup's bytes. */
  import(name: string, stream: Readable, options?: CallOptions): Promise<Operation> {
    const headers = { 'content-type': 'application/octet-stream', ...ownHeaders({ name }) }
    return this.api.start('POST', this.base, { stream, headers, ...options })
  }

  /** To another name, another `pool`, or with `migration` to another server. */
  move(name: string, body: StorageVolumePost, options?: CallOptions): Promise<Operation> {
    return this.api.start('POST', this.at(name), { body, ...options })
  }

  async delete(name: string, options?: CallOptions): Promise<void> {
    await this.api.send('DELETE', this.at(name), options)
  }

  /** How much of it is used, where the pool's driver knows. */
  state(name: string, options?: CallOptions): Promise<StorageVolumeState> {
    return this.api.get(`${this.at(name)}/state`, {}, options)
  }

  snapshots(volume: string): Snapshots<StorageVolumeSnapshot, StorageVolumeSnapshotsPost, StorageVolumeSnapshotPut> {
    return new Snapshots(this.api, this.at(volume))
  }

  backups(volume: string): Backups<StoragePoolVolumeBackup, VolumeBackupsPost> {
    return new Backups(this.api, this.at(volume))
  }
}

/** Snapshots of an instance or a volume. */
export class Snapshots<T, Create, Put> extends Editable<T, Put> {
  constructor(api: Api, owner: string) {
    super(api, `${owner}/snapshots`)
  }

  create(body: Create, options?: CallOptions): Promise<Operation> {
    return this.api.start('POST', this.base, { body, ...options })
  }

  rename(name: string, to: string, options?: CallOptions): Promise<Operation> {
    return this.api.start('POST', this.at(name), { body: { name: to }, ...options })
  }

  delete(name: string, options?: CallOptions): Promise<Operation> {
    return this.api.start('DELETE', this.at(name), options)
  }
}

/** Backups of an instance or a volume: tarballs that LXD keeps until they end or are deleted. */
export class Backups<T, Create> extends Collection<T> {
  constructor(api: Api, owner: string) {
    super(api, `${owner}/backups`)
  }

  create(body: Create, options?: CallOptions): Promise<Operation> {
    return this.api.start('POST', this.base, { body, ...options })
  }

  /** Its bytes. The stream has to be read or destroyed. */
  async export(name: string, options?: CallOptions): Promise<Readable> {
    return (await this.api.raw('GET', `${this.at(name)}/export`, options)).body
  }

  rename(name: string, to: string, options?: CallOptions): Promise<Operation> {
    return this.api.start('POST', this.at(name), { body: { name: to }, ...options })
  }

  delete(name: string, options?: CallOptions): Promise<Operation> {
    return this.api.start('DELETE', this.at(name), options)
  }
}
