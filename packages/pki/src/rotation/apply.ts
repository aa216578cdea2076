// Has consumers take what a step gave them, by the commands that were announced, one after the other, and acknowledges it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ConsumerFailedError, InvalidRequestError } from '../errors.ts'
import type { Need } from './consumer.ts'
import type { Rotation } from './rotation.ts'
import type { Status } from './status.ts'

const run = promisify(execFile)
const timeoutMs = 600_000

export type Applied = {
  consumer: string
  need: Need
  /** `by hand`: there is no command for it. */
  how: 'command' | 'nothing to do' | 'by hand'
}

/**
 * Applies the current step to those that have not acknowledged it. A command gets the words of the plan, no shell, and in
 * its environment ANBOX_PKI_CONSUMER, ANBOX_PKI_NEED and ANBOX_PKI_STAGE. It must end when the consumer works with what
 * is in its files. Who needs nothing and has no command is acknowledged at once.
 * @throws {ConsumerFailedError} when a command fails; nobody behind it is touched
 */
export async function applyStep(
  rotation: Rotation,
  options: { only?: readonly string[]; onApply?: (consumer: string, need: Need) => void; signal?: AbortSignal } = {},
): Promise<{ status: Status; applied: Applied[] }> {
  const { only, onApply, signal } = options
  const { consumers } = await rotation.plan()
  const unknown = only?.find((name) => !consumers.some((one) => one.name === name))
  if (unknown !== undefined) throw new InvalidRequestError(`"${unknown}" is no consumer of this rotation`)
  let status = await rotation.repeat()
  const applied: Applied[] = []
  for (const { name, need, acknowledged } of status.consumers) {
    if (acknowledged || (only && !only.includes(name))) continue
    const command = consumers.find((one) => one.name === name)?.apply?.[need]
    const how = command ? 'command' : need === 'none' ? 'nothing to do' : 'by hand'
    applied.push({ consumer: name, need, how })
    if (how === 'by hand') continue
    onApply?.(name, need)
    if (command) await perform(command, { name, need, stage: status.stage }, signal)
    status = await rotation.acknowledge(name, status.step)
  }
  return { status, applied }
}

async function perform(
  [program = '', ...args]: string[],
  { name, need, stage }: { name: string; need: Need; stage: string },
  signal?: AbortSignal,
): Promise<void> {
  const env = { ...process.env, ANBOX_PKI_CONSUMER: name, ANBOX_PKI_NEED: need, ANBOX_PKI_STAGE: stage }
  try {
    await run(program, args, { env, timeout: timeoutMs, ...(signal && { signal }) })
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim().split('\n').at(-1)
    throw new ConsumerFailedError(`${name}: "${program}" failed${said ? `: ${said}` : ''}`, { cause })
  }
}
