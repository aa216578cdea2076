// `anbox-pki render`: sees to a server's certificate and secrets, and writes the files that it runs with.
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Authority, openAuthority } from '../../authority/authority.ts'
import { type Credential, loadCredential } from '../../authority/credential.ts'
import { ensureCredential } from '../../authority/ensure.ts'
import { checkKeyType } from '../../authority/request.ts'
import { type Component, render } from '../../render/index.ts'
import { placeRendered, reloadFor } from '../../render/place.ts'
import type { Rendered } from '../../render/rendered.ts'
import { serverRequest } from '../../render/server.ts'
import { noteKey, type Report } from '../report.ts'
import { type StoreOptions, withStore } from '../secret/open.ts'
import { checkFlags, optionsOf, type ServerFlags } from './options.ts'

type RenderFlags = StoreOptions &
  ServerFlags & { out: string; at?: string; name?: string; key?: string; days?: number; renew?: boolean }

export async function renderComponent(component: Component, flags: RenderFlags): Promise<Report> {
  checkFlags(component, flags)
  const authority = await openAuthority(flags.dir)
  const name = flags.name ?? component
  const out = resolve(flags.out)
  const { credential, state } = await serverCredential(component, name, authority, flags)
  return withStore(flags, async (store) => {
    const server = { directory: flags.at ?? out, name, credential, authority, store }
    const rendered = render(component, await optionsOf(component, flags, server))
    const first = !rendered.files.some((file) => existsSync(join(out, file.name)))
    // LXD_DIR is open to others, and LXD needs it to be.
    const changed = await placeRendered(out, rendered, { shared: component === 'lxd' && existsSync(out) })
    const reload = first ? 'none' : reloadFor(rendered, changed)
    return {
      text: [
        changed.length > 0
          ? `Wrote ${changed.map((file) => file.name).join(', ')} into ${out}`
          : `${out} is as it should be`,
        `Certificate: ${state}, ends on ${credential.notAfter.toISOString()}`,
        ...(first ? startLines(component, rendered) : [`Server:      ${needs[reload]}`]),
      ],
      json: {
        ...{ component, directory: out, changed: changed.map((file) => file.name), first, reload },
        certificate: { state, fingerprint: credential.fingerprint, notAfter: credential.notAfter },
        start: rendered.start,
      },
    }
  })
}

const needs = {
  none: 'needs nothing',
  SIGHUP: 'needs a SIGHUP',
  SIGUSR2: 'needs a SIGUSR2',
  restart: 'needs a restart',
} as const

function startLines(component: Component, { start }: Rendered): string[] {
  const command = [start.command, ...start.args].join(' ')
  if (component === 'etcd') return [`Start:       ${command}, with the environment of etcd.env`]
  if (component === 'lxd') return ['Start:       restart LXD, then: lxd init --preseed < preseed.yaml']
  return [`Start:       ${command}`]
}

/** The server's own, kept in the authority's directory; a new one when it is time, or the one before was revoked. */
async function serverCredential(component: Component, name: string, authority: Authority, flags: RenderFlags) {
  const names = {
    name,
    dns: flags.dns.length > 0 ? flags.dns : ['localhost'],
    ip: flags.ip.length > 0 ? flags.ip : [flags.address ?? '127.0.0.1'],
    usual: flags.key === undefined ? authority.keyType : checkKeyType(flags.key),
  }
  const request = { ...serverRequest(component, names), ...(flags.days !== undefined && { days: flags.days }) }
  const directory = join(flags.dir, 'servers', component)
  const before = await loadCredential(directory, name)
  const due = before !== undefined && (isDue(before) || (await authority.isRevoked(before.fingerprint)))
  const { state, credential } = await ensureCredential(authority, directory, request, {
    replace: flags.renew === true || due,
    onKey: () => noteKey(`"${name}"`, request.key ?? authority.keyType),
  })
  return { credential, state: before && state !== 'kept' ? 'renewed' : state }
}

/** When two thirds of its life are over. */
function isDue({ certificate, notAfter }: Credential): boolean {
  const life = notAfter.getTime() - new X509Certificate(certificate).validFromDate.getTime()
  return notAfter.getTime() - Date.now() < life / 3
}
