import type { Config } from '../config.ts'
import { keys } from '../config-keys.ts'

/** The configuration's `patch` part as it is where nothing is said, but for what is. */
export function policyOf(given: object = {}): Config['patch'] {
  const own = keys.filter(({ path }) => path.startsWith('patch.'))
  return {
    ...Object.fromEntries(own.map(({ path, default: preset }) => [path.slice(6), preset])),
    ...given,
  } as Config['patch']
}
