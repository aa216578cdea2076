export { bridgeName } from './bridge.ts'
export { cleanPrivateLxd, stopPrivateLxd } from './clean.ts'
export { type PrivateLxd, type PrivateLxdOptions, startPrivateLxd } from './start.ts'
