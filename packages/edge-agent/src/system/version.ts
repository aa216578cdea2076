import { readFileSync } from 'node:fs'

/** The agent's own version: it does not claim one of Canonical's. */
export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
