// LXD's own names for its things; the shapes are generated from LXD's description.
import type * as api from '@lxd/api-types'

export type {
  Certificate,
  CertificatePut,
  Cluster,
  ClusterGroup,
  ClusterGroupPut,
  ClusterMember,
  ClusterMemberPut,
  ClusterPut,
  Image,
  ImageAliasesEntry,
  ImageAliasesEntryPut,
  ImageExportPost,
  ImageMetadata,
  ImagePut,
  Instance,
  InstanceBackup,
  InstanceBackupsPost,
  InstanceFull,
  InstancePut,
  InstanceSnapshot,
  InstanceSnapshotPut,
  InstanceState,
  Network,
  NetworkACL,
  NetworkACLPut,
  NetworkForward,
  NetworkForwardPut,
  NetworkLease,
  NetworkPeer,
  NetworkPeerPut,
  NetworkPut,
  NetworkState,
  NetworkZone,
  NetworkZonePut,
  NetworkZoneRecord,
  NetworkZoneRecordPut,
  Profile,
  ProfilePut,
  Project,
  ProjectPut,
  ProjectState,
  Resources,
  ResourcesStoragePool,
  Server,
  ServerPut,
  StoragePool,
  StoragePoolPut,
  StoragePoolVolumeBackup,
  StorageVolume,
  StorageVolumePut,
  StorageVolumeSnapshot,
  StorageVolumeSnapshotPut,
  StorageVolumeState,
  Warning,
  WarningPut,
} from '@lxd/api-types'

// The description calls nothing required, but a thing is made under a name.
type Named<T> = Omit<T, 'name'> & { name: string }
export type CertificatesPost = api.CertificatesPost
export type ClusterGroupsPost = Named<api.ClusterGroupsPost>
export type InstancePost = api.InstancePost
export type InstancesPost = api.InstancesPost
export type InstanceSnapshotsPost = Named<api.InstanceSnapshotsPost>
export type NetworkACLsPost = Named<api.NetworkACLsPost>
export type NetworkForwardsPost = Omit<api.NetworkForwardsPost, 'listen_address'> & { listen_address: string }
export type NetworkPeersPost = Named<api.NetworkPeersPost>
export type NetworkZoneRecordsPost = Named<api.NetworkZoneRecordsPost>
export type NetworkZonesPost = Named<api.NetworkZonesPost>
export type NetworksPost = Named<api.NetworksPost>
export type ProfilesPost = Named<api.ProfilesPost>
export type ProjectsPost = Named<api.ProjectsPost>
export type StoragePoolsPost = Named<api.StoragePoolsPost> & { driver: string }
export type StorageVolumesPost = Named<api.StorageVolumesPost>
export type StorageVolumePost = Named<api.StorageVolumePost>
export type StorageVolumeSnapshotsPost = Named<api.StorageVolumeSnapshotsPost>
export type VolumeBackupsPost = Named<api.StoragePoolVolumeBackupsPost>

export type InstanceAction = 'start' | 'stop' | 'restart' | 'freeze' | 'unfreeze'
export type InstanceStatePut = {
  action: InstanceAction
  /** Seconds until the action is given up; -1 for never. */
  timeout?: number
  /** Do not ask the guest. */
  force?: boolean
  stateful?: boolean
}

export type ExecBody = Pick<api.InstanceExecPost, 'environment' | 'user' | 'group' | 'cwd'> & { command: string[] }
