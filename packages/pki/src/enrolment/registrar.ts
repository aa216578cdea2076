// The rules by which machines get certificates. Nothing here knows of HTTP but the status that a refusal has.
//
// Enrolment: the first use binds a token to a key; the same key may repeat until the token ends and gets the same
// certificate, because a lost answer or a power cut must not brick a machine. Order on the disk: binding, generation,
// certificate; each names the serial, so whoever repeats goes on where it fell.
//
// Renewal: a certificate has one successor, for a fresh key. Asked for again with that key, it is the same one; with
// another key, two hold the old key.
import { createHash, type KeyObject, type X509Certificate } from 'node:crypto'
import type { Authority } from '../authority/authority.ts'
import { fingerprintOf, makeSerial, publicKeyDer, summarize } from '../authority/certificate.ts'
import { verifyChain } from '../authority/chain.ts'
import type { Certified } from '../authority/credential.ts'
import type { Csr } from './csr.ts'
import type { Generation, MachineStore } from './machines.ts'
import { asksForNamesOf } from './names.ts'
import { provesPossession } from './possession.ts'
import { Refusal } from './refusal.ts'
import { requestOf } from './scope.ts'
import { stateOf, type TokenRecord, type TokenStore } from './token.ts'

export type Rules = {
  /** Seconds after the end of its certificate in which a machine may still renew it; 30 days unless said. */
  graceSeconds: number
  /** How often it may, from one token to the next; 3 unless said. */
  recoveries: number
  /** How often a machine may renew in an hour; 12 unless said. */
  renewalsPerHour: number
}
export const usualRules: Rules = { graceSeconds: 30 * 86_400, recoveries: 3, renewalsPerHour: 12 }

/** What happened, for the audit log and for people. It holds no secret. */
export type EnrolmentEvent = {
  action: 'enrolled' | 'repeated' | 'renewed' | 'recovered' | 'refused' | 'cloned'
  machine: string
  serial?: string
  generation?: number
  token?: string
  reason?: string
}

export type RegistrarOptions = {
  authority: Authority
  tokens: TokenStore
  machines: MachineStore
  rules: Rules
  record: (event: EnrolmentEvent) => Promise<void>
}

export class Registrar {
  readonly #options: RegistrarOptions

  constructor(options: RegistrarOptions) {
    this.#options = options
  }

  /** The record of a token that may be used now. Asked before anything else of a request is looked at. */
  async admit(token: string): Promise<TokenRecord> {
    const found = await this.#options.tokens.find(token)
    if (!found) throw new Refusal(401, 'this token is not known')
    const state = stateOf(found)
    if (state === 'expired' || state === 'revoked') {
      const reason = state === 'expired' ? 'this token has ended' : 'this token was taken back'
      throw await this.#refused(new Refusal(401, reason), { machine: found.scope.name, token: found.id })
    }
    return found
  }

  /** @throws {Refusal} */
  async enrol({ id, scope, ...token }: TokenRecord, csr: Csr): Promise<Certified> {
    await this.#prove(csr)
    const key = hashOf(csr.publicKey)
    const bound = token.bound ?? (await this.#options.tokens.bind(id, key))
    if (bound.key !== key) {
      const refusal = new Refusal(403, 'this token was used with another key')
      throw await this.#refused(refusal, { machine: scope.name, token: id })
    }
    const generation = await this.#generationOf({ id, scope, bound, ...token }, bound.serial, key)
    const certified = await this.#certify(generation, csr)
    await this.#record(token.bound ? 'repeated' : 'enrolled', generation)
    return certified
  }

  /**
   * @param presented by the other side of a TLS connection, whose chain OpenSSL has verified, unless it has ended
   * @throws {Refusal}
   */
  async renew(presented: X509Certificate, csr: Csr): Promise<Certified> {
    const { machines, rules } = this.#options
    const before = await this.#current(presented)
    const { number, scope, recoveries } = before
    if (!asksForNamesOf(presented, csr))
      throw new Refusal(400, 'the request asks for other names than those of the certificate')
    await this.#prove(csr)
    const key = hashOf(csr.publicKey)
    if (key === before.key) throw new Refusal(400, 'a renewal needs a fresh key')
    const ended = presented.validToDate <= new Date()

    let next = await machines.generation(scope.name, number + 1)
    const repeated = next !== undefined
    if (!next) {
      const counted = recoveries + (ended ? 1 : 0)
      if (ended && counted > rules.recoveries)
        throw await this.#refused(new Refusal(403, 'recovered too often; enrol with a new token'), of(before))
      await this.#slowDown(before)
      next = await machines.append({
        number: number + 1,
        serial: makeSerial(),
        key,
        via: ended ? 'recovery' : 'renewal',
        recoveries: counted,
        scope,
        at: new Date(),
      })
    }
    if (next.key !== key || (await machines.latest(scope.name))?.number !== next.number) {
      const reason = 'this certificate was renewed already, for another key'
      await this.#options.record({ action: 'cloned', ...of(before), reason })
      throw new Refusal(403, `${reason}: somebody else has, or had, the same key`)
    }
    const certified = await this.#certify(next, csr)
    await this.#record(repeated ? 'repeated' : next.via === 'recovery' ? 'recovered' : 'renewed', next)
    return certified
  }

  /** The generation of a certificate that may be renewed now. */
  async #current(presented: X509Certificate): Promise<Generation> {
    const { authority, machines, rules } = this.#options
    const serial = presented.serialNumber.toLowerCase()
    const generation = await machines.withSerial(summarize(presented.toString()).name, serial)
    if (!generation) throw new Refusal(403, 'this certificate belongs to no machine that enrolled')
    const refuse = async (reason: string) => this.#refused(new Refusal(403, reason), of(generation))
    const now = Date.now()
    const end = presented.validToDate.getTime()
    if (end <= now) {
      if (now - end > rules.graceSeconds * 1000)
        throw await refuse('this certificate ended too long ago; enrol with a new token')
      // The connection's own verification stops at the end of the certificate and says nothing about the rest of it.
      const { purpose } = generation.scope
      const at = goodTimeOf(presented)
      const verdict = await verifyChain({
        certificate: presented.toString() + (await authority.issuers(purpose, at)) + authority.chain(purpose),
        root: authority.anchors,
        purpose: 'client',
        at,
      })
      if (!verdict.ok) throw new Refusal(403, 'this certificate is not ours')
    }
    if (await authority.isRevoked(fingerprintOf(presented))) throw await refuse('this certificate was revoked')
    return generation
  }

  async #prove(csr: Csr): Promise<void> {
    if (!(await provesPossession(csr))) throw new Refusal(400, 'openssl does not accept the request')
  }

  /** The generation that a token's use made, or makes now. */
  async #generationOf({ id, scope }: TokenRecord, serial: string, key: string): Promise<Generation> {
    const { machines } = this.#options
    for (;;) {
      const there = await machines.withSerial(scope.name, serial)
      if (there) return there
      const number = ((await machines.latest(scope.name))?.number ?? 0) + 1
      await machines.append({ number, serial, key, via: 'token', token: id, recoveries: 0, scope, at: new Date() })
    }
  }

  async #certify({ scope, serial }: Generation, csr: Csr): Promise<Certified> {
    const { authority } = this.#options
    const certified = await authority.certify({ ...requestOf(scope), serial }, csr.publicKey)
    if (await authority.isRevoked(certified.fingerprint))
      throw new Refusal(403, 'the certificate was revoked; enrol with a new token')
    return certified
  }

  /** Each renewal is kept for ever: a machine gone wild must not fill the disk. */
  async #slowDown({ scope, number }: Generation): Promise<void> {
    const { machines, rules } = this.#options
    const earlier = await machines.generation(scope.name, number + 1 - rules.renewalsPerHour)
    const wait = earlier ? earlier.at.getTime() + 3_600_000 - Date.now() : 0
    if (wait > 0) throw new Refusal(429, 'renewed too often; come back later', Math.ceil(wait / 1000))
  }

  #record(action: EnrolmentEvent['action'], generation: Generation): Promise<void> {
    return this.#options.record({ action, ...of(generation) })
  }

  async #refused(refusal: Refusal, about: Pick<EnrolmentEvent, 'machine' | 'token' | 'serial'>): Promise<Refusal> {
    await this.#options.record({ action: 'refused', ...about, reason: refusal.message })
    return refusal
  }
}

/** Now, or the last second of a certificate that has ended. */
export function goodTimeOf({ validToDate }: X509Certificate): Date {
  return new Date(Math.min(Date.now(), validToDate.getTime() - 1000))
}

function of({ scope, serial, number, token }: Generation) {
  return { machine: scope.name, serial, generation: number, ...(token !== undefined && { token }) }
}

function hashOf(key: KeyObject): string {
  return createHash('sha256').update(publicKeyDer(key)).digest('hex')
}
