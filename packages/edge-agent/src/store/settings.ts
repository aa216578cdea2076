// AMS's global configuration: the keys that this agent acts on. Other keys of AMS refuse to be set, unknown ones are 404.
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { badRequest, forbidden, notFound, notSupported } from '../errors.ts'
import type { Store } from './store.ts'

/** Keys of AMS that mean nothing on one machine, or nothing yet. */
const known =
  /^(agent|application|container|core|cpu|gpu|images|instance|load_balancer|node|oidc|openfga|registry|scheduler)\./

/** Keys that are plain values, with AMS's defaults. */
const plain = {
  'application.addons': '',
  'application.auto_publish': true,
  'application.auto_update': true,
  'application.max_published_versions': 3,
  'images.url': '',
  'instance.security_updates': true,
} as const
type Plain = keyof typeof plain
/** Old names, still accepted and told. */
const oldNames: Record<string, Plain> = { 'container.security_updates': 'instance.security_updates' }

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
      'images.auth': this.#read('images.auth') !== undefined,
      'cpu.limit_mode': this.cpuMode(),
      ...Object.fromEntries((Object.keys(plain) as Plain[]).map((name) => [name, this.#plain(name)])),
      ...Object.fromEntries(Object.entries(oldNames).map(([old, name]) => [old, this.#plain(name)])),
    }
  }

  /** The image server, and what it wants to see. */
  imageServer(): { url: string; token: string } {
    return { url: this.#plain('images.url'), token: String(this.#read('images.auth') ?? '').replace(/^bearer:/, '') }
  }

  /** Addons that every application gets. */
  globalAddons(): string[] {
    return this.#plain('application.addons')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
  }

  autoPublish(): boolean {
    return this.#plain('application.auto_publish')
  }

  autoUpdate(): boolean {
    return this.#plain('application.auto_update')
  }

  maxPublishedVersions(): number {
    return this.#plain('application.max_published_versions')
  }

  /** Whether pending security updates of the guest are installed at every bootstrap. */
  securityUpdates(): boolean {
    return this.#plain('instance.security_updates')
  }

  cpuMode(): 'scheduler' | 'pinning' {
    return this.#read('cpu.limit_mode') === 'pinning' ? 'pinning' : 'scheduler'
  }

  /** @throws ApiError 400, 404, 501. */
  async set(name: string, value: string): Promise<void> {
    const key = oldNames[name] ?? name
    if (key in plain) return this.#write(key, readPlain(key as Plain, name, value))
    switch (name) {
      case 'core.trust_password':
        this.#write(name, value === '' ? undefined : await hashed(value))
        return
      case 'images.auth':
        if (value !== '' && !/^bearer:\S+$/.test(value)) throw badRequest('images.auth must be "bearer:TOKEN"')
        this.#write(name, value || undefined)
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

  #plain<K extends Plain>(name: K): Widened<(typeof plain)[K]> {
    return (this.#read(name) ?? plain[name]) as Widened<(typeof plain)[K]>
  }

  #read(id: string): unknown {
    return this.#store.settings.get(id)?.value
  }

  #write(id: string, value: unknown): void {
    if (value === undefined) this.#store.settings.delete(id)
    else this.#store.settings.put({ id, value })
  }
}

type Widened<T> = T extends boolean ? boolean : T extends number ? number : string

/** An empty value is the default again. @throws ApiError 400. */
function readPlain(key: Plain, name: string, value: string): unknown {
  if (value === '') return undefined
  const preset = plain[key]
  if (typeof preset === 'boolean') {
    if (value === 'true' || value === 'false') return value === 'true'
    throw badRequest(`${name} must be "true" or "false", not "${value}"`)
  }
  if (typeof preset === 'number') {
    if (/^[1-9]\d{0,3}$/.test(value)) return Number(value)
    throw badRequest(`${name} must be a whole number from 1, not "${value}"`)
  }
  if (key === 'images.url' && !/^https:\/\/\S+$/.test(value))
    throw badRequest('images.url must be an https address: images are fetched from servers that say who they are')
  return value
}

// Off the main thread: whoever guesses from outside must not hold up the API.
async function hashed(password: string, salt = randomBytes(16).toString('hex')): Promise<string> {
  const key = (await promisify(scrypt)(password, salt, 32)) as Buffer
  return `${salt}:${key.toString('hex')}`
}
