export * from './ams/index.ts'
export * from './gateway/index.ts'
export * from './lxd/index.ts'
