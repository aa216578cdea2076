// AMS's own names for its things; the shapes are generated from `contracts/ams.yaml`.
import type { Amount } from './amounts.ts'
import type { components } from './types.generated.ts'

type Schemas = components['schemas']
export type Addon = Schemas['Addon']
export type AddonVersion = Schemas['AddonVersion']
export type Application = Schemas['Application']
export type ApplicationStatus = Schemas['ApplicationStatus']
export type ApplicationVersion = Schemas['ApplicationVersion']
export type AuthGroup = Schemas['AuthGroup']
export type AuthGroupPost = Schemas['AuthGroupPost']
export type AuthGroupPut = Schemas['AuthGroupPut']
export type Certificate = Schemas['Certificate']
export type Config = Schemas['Config']
export type Container = Schemas['Container']
export type ContainerPatch = Schemas['ContainerPatch']
export type Identity = Schemas['Identity']
export type IdentityPost = Schemas['IdentityPost']
export type Image = Schemas['Image']
export type ImagePatch = Schemas['ImagePatch']
export type ImageSource = Schemas['ImageSource']
export type ImageType = Schemas['ImageType']
export type ImageVersion = Schemas['ImageVersion']
export type ImagesPost = Schemas['ImagesPost']
export type Instance = Schemas['Instance']
export type InstanceExecPost = Schemas['InstanceExecPost']
export type InstancePatch = Schemas['InstancePatch']
export type InstanceStatus = Schemas['InstanceStatus']
export type NetworkService = Schemas['NetworkService']
export type NetworkServiceSpec = Schemas['NetworkServiceSpec']
export type Node = Schemas['Node']
export type OidcConfig = Schemas['OidcConfig']
export type Permission = Schemas['Permission']
export type RegistryApplication = Schemas['RegistryApplication']
export type Service = Schemas['Service']
export type Share = Schemas['Share']
export type SharePatch = Schemas['SharePatch']
export type SharesPost = Schemas['SharesPost']
export type Task = Schemas['Task']

/** `T` with amounts as a person may write them. */
type Amounts<T, K extends keyof T> = Omit<T, K> & { [key in K]?: Amount | null }
export type InstanceResources = Amounts<NonNullable<Schemas['InstanceResourcesPost']>, 'memory' | 'disk_size'>
export type ApplicationResources = Amounts<NonNullable<Schemas['ApplicationResourcesPost']>, 'memory' | 'disk-size'>
export type InstancesPost = Omit<Schemas['InstancesPost'], 'resources'> & { resources?: InstanceResources | null }
export type ContainersPost = Amounts<Schemas['ContainersPost'], 'memory' | 'disk_size'>
export type ApplicationPatch = Omit<NonNullable<Schemas['ApplicationPatch']>, 'resources'> & {
  resources?: ApplicationResources | null
}
export type NodesPost = Amounts<Schemas['NodesPost'], 'memory'>
export type NodePatch = Amounts<Schemas['NodePatch'], 'memory'>
