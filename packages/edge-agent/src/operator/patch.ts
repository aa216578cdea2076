// `anbox-edge patch`: what is being patched, and what somebody may say about it.
import type { AmsClient } from '@anbox/sdk'
import type { Lacking } from '../patch/attestation.ts'
import type { PatchView, renderPatches } from '../patch/render.ts'

export type PatchState = ReturnType<typeof renderPatches>
export type Order = { action: string; patch?: string; what?: string; until?: string; reason?: string }

const path = '/1.0/edge/patches'

export async function readPatches(ams: AmsClient): Promise<PatchState> {
  return read<PatchState>(ams, path)
}

/** @throws AnboxError with the agent's words. */
export async function order(ams: AmsClient, body: Order): Promise<PatchState> {
  return answer<PatchState>(await ams.connection.request('POST', path, { body }))
}

/** The signed statement of the machine's patch state. */
export const readAttestation = (ams: AmsClient) =>
  read<{ statement: unknown; jws: string }>(ams, '/1.0/edge/attestation')

/** Who lacks a version of a package, or an Android bulletin. */
export function readLacking(ams: AmsClient, question: Record<string, string>): Promise<Lacking> {
  return read(ams, `/1.0/edge/lacking?${new URLSearchParams(question)}`)
}

export function lackingText({ lacking, unknown }: Lacking): string {
  const lines = [
    ...lacking.map(({ id, name, has }) => `lacks it   ${name} (${id}) has ${has}`),
    ...unknown.map(({ id, name }) => `not known  ${name} (${id})`),
  ]
  return lines.length > 0 ? lines.map((line) => `${line}\n`).join('') : 'nobody lacks it\n'
}

const read = async <T>(ams: AmsClient, path: string) => answer<T>(await ams.connection.request('GET', path))

function answer<T>({ envelope }: { envelope?: { metadata: unknown } }): T {
  if (!envelope) throw new Error('the agent answered with something that is not its API')
  return envelope.metadata as T
}

export function patchText({
  checked_at: checked,
  next_check_at: next,
  problems,
  holds,
  patches,
  ended,
}: PatchState): string {
  const lines = [
    `checked    ${checked || 'not yet'}${next && `, again ${next}`}`,
    ...Object.entries(problems).map(([kind, problem]) => `problem    ${kind}: ${problem}`),
    ...holds.map(
      ({ what, until, reason }) => `held       ${what || 'everything'} until ${until}${reason && ` (${reason})`}`,
    ),
    ...(patches.length === 0 ? ['pending    nothing'] : patches.flatMap(patchLines)),
    ...ended
      .slice(0, 10)
      .map(
        ({ at, kind, subject, to, outcome, reason }) =>
          `${outcome.padEnd(10)} ${at} ${kind}/${subject} → ${to}${reason && `: ${reason}`}`,
      ),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function patchLines(patch: PatchView): string[] {
  const { id, title, from, to, urgent, state, next, next_at: at, reason, deadline, last_error: error } = patch
  return [
    `${state.padEnd(10)} ${id}: ${title}${urgent ? ', security' : ''}`,
    `           ${from} → ${to}`,
    `           ${next}${at ? ` at ${at}` : ' now'}${reason && ` (${reason})`}, at the latest ${deadline}`,
    ...(error ? [`           last error: ${error}`] : []),
  ]
}
