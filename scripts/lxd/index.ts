export { bridgeName } from './bridge.ts'
export { cleanPrivateLxd, stopPrivateLxd } from './clean.ts'
export { type PrivateLxd, startPrivateLxd } from './start.ts'
