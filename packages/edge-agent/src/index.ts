export { type Agent, startAgent } from './agent.ts'
export { type Config, keys as configurationKeys, loadConfig } from './config.ts'
export { ConfigurationError } from './errors.ts'
