// LXD's own names for its things; the shapes are generated from LXD's description.
import type {
  InstanceExecPost as GeneratedExecPost,
  InstancesPost as GeneratedInstancesPost,
  NetworksPost as GeneratedNetworksPost,
  ProfilesPost as GeneratedProfilesPost,
  ProjectsPost as GeneratedProjectsPost,
  StoragePoolsPost as GeneratedStoragePoolsPost,
} from '@lxd/api-types'

export type {
  Image,
  ImageAliasesEntry,
  ImagePut,
  Instance,
  InstanceFull,
  InstancePut,
  InstanceState,
  Network,
  NetworkPut,
  Profile,
  ProfilePut,
  Project,
  ProjectPut,
  Resources,
  ResourcesStoragePool,
  Server,
  ServerPut,
  StoragePool,
  StoragePoolPut,
} from '@lxd/api-types'

// The description calls nothing required, but a thing is made under a name.
type Named<T> = Omit<T, 'name'> & { name: string }
export type InstancesPost = GeneratedInstancesPost
export type NetworksPost = Named<GeneratedNetworksPost>
export type ProfilesPost = Named<GeneratedProfilesPost>
export type ProjectsPost = Named<GeneratedProjectsPost>
export type StoragePoolsPost = Named<GeneratedStoragePoolsPost> & { driver: string }

export type InstanceStatePut = {
  action: 'start' | 'stop' | 'restart' | 'freeze' | 'unfreeze'
  /** Seconds until the action is given up; -1 for never. */
  timeout?: number
  /** Do not ask the guest. */
  force?: boolean
  stateful?: boolean
}

export type ExecBody = Pick<GeneratedExecPost, 'environment' | 'user' | 'group' | 'cwd'> & { command: string[] }
