// What certificate each server needs: which intermediate signs it, for what, with which key.
import type { KeyType } from '../authority/key.ts'
import type { Purpose } from '../authority/profile.ts'
import type { CertificateRequest, KeyRequest, Kind } from '../authority/request.ts'
import { etcdPeerName } from './etcd.ts'
import type { Component } from './index.ts'

type Server = { purpose: Purpose; kind: Kind; dns: readonly string[]; key?: (usual: KeyType) => KeyType }

const servers: Record<Component, Server> = {
  nats: { purpose: 'messaging', kind: 'server', dns: [] },
  // It is its own client, and must not speak TLS 1.2: see etcd.ts.
  etcd: {
    purpose: 'etcd',
    kind: 'peer',
    dns: [etcdPeerName],
    key: (usual) => (usual === 'rsa-4096' ? 'ecdsa-p384' : usual),
  },
  coturn: { purpose: 'control', kind: 'server', dns: [] },
  lxd: { purpose: 'control', kind: 'server', dns: [] },
}

/** The purpose whose intermediate signs a component's server, and whose clients it lets in. */
export function purposeOf(component: Component): Purpose {
  return servers[component].purpose
}

/**
 * The request for a server's certificate.
 * @param names.usual the authority's own type of key
 */
export function serverRequest(
  component: Component,
  names: { name: string; dns: readonly string[]; ip: readonly string[]; usual: KeyType },
): CertificateRequest & KeyRequest {
  const { purpose, kind, dns, key } = servers[component]
  const { name, ip, usual } = names
  return { purpose, kind, name, dns: [...names.dns, ...dns], ip, key: key?.(usual) ?? usual }
}
