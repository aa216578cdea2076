// What a command has to say: lines for people on stdout, or one JSON document. Notes on progress go to stderr.
import type { KeyType } from '../authority/key.ts'

export type Report = {
  text: string[]
  json: Record<string, unknown>
  /** Where there is something to say and yet not all is well. */
  exitCode?: number
}

export function noteKey(owner: string, type: KeyType): void {
  const slow = type === 'rsa-4096' ? ', which may take some seconds' : ''
  process.stderr.write(`Making the key of ${owner} (${type})${slow} …\n`)
}
