// AMS's global configuration: the keys that this agent acts on. Other keys of AMS refuse to be set, unknown ones are 404.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { badRequest, forbidden, notFound, notSupported } from '../errors.ts'
import type { Store } from './store.ts'

/** Keys of AMS that mean nothing on one machine, or nothing yet. */
const known =
  /^(agent|application|container|core|cpu|gpu|images|instance|load_balancer|node|oidc|openfga|registry|scheduler)\./

export class Settings {
  readonly #store: Store
  readonly #httpsAddress: string

  constructor(store: Store, httpsAddress: string) {
    this.#store = store
    this.#httpsAddress = httpsAddress
  }

  all(): Record<string, unknown> {
    return {
      'core.https_address': this.#httpsAddress,
      // Reading shows only whether it is set.
      'core.trust_password': this.#read('core.trust_password') !== undefined,
      'cpu.limit_mode': this.cpuMode(),
    }
  }

  cpuMode(): 'scheduler' | 'pinning' {
    return this.#read('cpu.limit_mode') === 'pinning' ? 'pinning' : 'scheduler'
  }

  /** @throws ApiError 400, 404, 501. */
  async set(name: string, value: string): Promise<void> {
    switch (name) {
      case 'core.trust_password':
        this.#write(name, value === '' ? undefined : await hashed(value))
        return
      case 'cpu.limit_mode':
        if (value !== 'scheduler' && value !== 'pinning')
          throw badRequest(`cpu.limit_mode must be "scheduler" or "pinning", not "${value}"`)
        this.#write(name, value)
        return
      case 'core.https_address':
        throw badRequest('core.https_address is read only: set api.address and api.port in the configuration file')
      default:
        throw known.test(name) ? notSupported(`config item "${name}"`) : notFound('config item', name)
    }
  }

  /** @throws ApiError 403. */
  async checkTrustPassword(password: string): Promise<void> {
    const stored = this.#read('core.trust_password')
    const [salt = '', digest = ''] = typeof stored === 'string' ? stored.split(':') : []
    if (!digest || !timingSafeEqual(Buffer.from(await hashed(password, salt)), Buffer.from(`${salt}:${digest}`)))
      throw forbidden('the trust password is wrong, or none is set')
  }

  #read(id: string): unknown {
    return this.#store.settings.get(id)?.value
  }

  #write(id: string, value: unknown): void {
    if (value === undefined) this.#store.settings.delete(id)
    else this.#store.settings.put({ id, value })
  }
}

// Off the main thread: whoever guesses from outside must not hold up the API.
async function hashed(password: string, salt = randomBytes(16).toString('hex')): Promise<string> {
  const key = (await promisify(scrypt)(password, salt, 32)) as Buffer
  return `${salt}:${key.toString('hex')}`
}
