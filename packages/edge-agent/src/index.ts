export { type Agent, startAgent } from './agent.ts'
export { type Config, loadConfig } from './config.ts'
export { keys as configurationKeys } from './config-keys.ts'
export { ConfigurationError } from './errors.ts'
