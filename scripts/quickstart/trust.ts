// The certificates: a root, the agent's server certificate, and one for the quickstart as the agent's client.
import { join } from 'node:path'
import { type Credential, type CredentialPaths, createAuthority, ensureCredential } from '@anbox/pki'
import type { State } from './state.ts'

export type Trust = { client: Credential; server: CredentialPaths; root: string }

type Show = (text: string) => void

/** Makes what is missing of it; keys of RSA 4096 take seconds. */
export async function getTrust(state: State, show: Show, signal: AbortSignal): Promise<Trust> {
  const authority = await createAuthority(state.path('pki'), {
    // The others are made when there is something for them to sign.
    purposes: ['control'],
    onKey: (name) => show(`making the key of the ${name} CA …`),
  })
  signal.throwIfAborted()
  const ensure = (kind: 'server' | 'client', name: string) =>
    ensureCredential(
      authority,
      state.path('certificates', kind),
      { kind, name, ...(kind === 'server' ? { dns: ['localhost'], ip: ['127.0.0.1'] } : {}) },
      { onKey: () => show(`making the ${kind}'s key …`) },
    )
  const server = await ensure('server', 'agent')
  signal.throwIfAborted()
  const client = await ensure('client', 'quickstart')
  return { client: client.credential, server: server.paths, root: join(state.path('certificates', 'server'), 'ca.crt') }
}
