// Credentials that are made for somebody in a moment, and shown once: that is what these commands are for.
import { openAuthority } from '../../authority/authority.ts'
import { mintAccountToken } from '../../credentials/account-token.ts'
import { turnUser } from '../../credentials/turn.ts'
import type { Report } from '../report.ts'
import { type StoreOptions, withStore } from '../secret/open.ts'
import { gatewaySecret, turnSecret } from './secrets.ts'

const dayMs = 86_400_000

export async function makeTurnUser(name: string, options: StoreOptions & { ttl: number }): Promise<Report> {
  const authority = await openAuthority(options.dir)
  return withStore(options, async (store) => {
    const { username, password, expires } = turnUser(turnSecret(store)[0] ?? '', name, options.ttl)
    await authority.audit.append({ action: 'turn-user', subject: name, expires: expires.toISOString() })
    return {
      text: [`Username: ${username}`, `Password: ${password}`, `Until:    ${expires.toISOString()}`],
      json: { username, password, expires },
    }
  })
}

export async function makeAccountToken(account: string, options: StoreOptions & { days: number }): Promise<Report> {
  const authority = await openAuthority(options.dir)
  const expires = new Date(Date.now() + options.days * dayMs)
  return withStore(options, async (store) => {
    const token = mintAccountToken(gatewaySecret(store)[0] ?? '', { account, expires })
    await authority.audit.append({ action: 'account-token', subject: account, expires: expires.toISOString() })
    // The token alone, for a pipe.
    return { text: [token], json: { account, expires, token } }
  })
}
