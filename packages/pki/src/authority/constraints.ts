// Name constraints (RFC 5280, 4.2.1.10), which the certificate library does not know.
import { type Der, element, sequence } from './der.ts'
import type { Profile } from './profile.ts'

type Builder = typeof import('@peculiar/x509')

/** Tags of GeneralName. */
const [email, dns, ip] = [0x81, 0x82, 0x87] as const

/**
 * No constraint where a purpose may name anything. Hosts are excluded whole: the empty DNS name is above all others. E-mail
 * is confined to a host that cannot exist (RFC 2606), because OpenSSL does not take an empty one for all.
 */
export function constraintsExtension(x509: Builder, { hosts, email: mail }: Pick<Profile, 'hosts' | 'email'>) {
  const permitted = mail ? [] : [element(email, Buffer.from('invalid'))]
  const excluded = hosts
    ? []
    : [element(dns, Buffer.alloc(0)), element(ip, Buffer.alloc(8)), element(ip, Buffer.alloc(32))]
  const parts = [subtrees(0xa0, permitted), subtrees(0xa1, excluded)].filter((part) => part !== undefined)
  if (parts.length === 0) return undefined
  return new x509.Extension('2.5.29.30', true, sequence(...parts))
}

function subtrees(tag: number, names: Der[]): Der | undefined {
  return names.length > 0 ? element(tag, ...names.map((name) => sequence(name))) : undefined
}
