// The types of LXD's REST API. Every object of the description is exported by its own name (`Instance`, `InstancesPost`,
// `StoragePool`, …); `paths` and `operations` have the requests.
export type * from './lxd.generated.ts'
