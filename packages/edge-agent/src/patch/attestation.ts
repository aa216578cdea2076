// The machine's patch state as a signed statement, and the question that follows a bulletin: who lacks it?
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { CompactSign } from 'jose'
import type { Config } from '../config.ts'
import { packagesScript, readInventory } from '../host/inventory.ts'
import type { InstanceRecord, Inventory } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { Run } from '../system/commands.ts'
import type { Snapd } from '../system/snapd.ts'
import { version as agentVersion } from '../system/version.ts'
import type { Patching } from './engine.ts'

export type AttestationParts = { config: Config; store: Store; patching: Patching; snapd: Snapd; run: Run }
export type Question = { name: string; version: string } | { bulletin: string }
/** Who lacks it, and of whom it is not known. The machine itself is `machine`. */
export type Lacking = { lacking: { id: string; name: string; has: string }[]; unknown: { id: string; name: string }[] }

/** Of the machine: running and newest kernel, driver, and whether a restart is due. */
const facts = `echo "installed $(ls /lib/modules 2>/dev/null | sort -V | tail -1)"
echo "driver $(cat /sys/module/nvidia/version 2>/dev/null || true)"
[ ! -e /run/reboot-required ] || echo "reboot required"`

/** Somebody waits for the answer. */
const soon = () => AbortSignal.timeout(30_000)

export class Attestation {
  readonly #parts: AttestationParts

  constructor(parts: AttestationParts) {
    this.#parts = parts
  }

  async statement() {
    const { config, store, patching } = this.#parts
    const { now } = patching.situation()
    const system = readOsRelease()
    const told = new Map(
      (await this.#sh(facts)).split('\n').map((line): [string, string] => {
        const [key = '', ...value] = line.split(' ')
        return [key, value.join(' ')]
      }),
    )
    return {
      node: config.node.name,
      time: new Date(now).toISOString(),
      agent: agentVersion,
      system: {
        name: system.PRETTY_NAME ?? '',
        image: system.IMAGE_ID ?? '',
        image_version: system.IMAGE_VERSION ?? '',
        kernel: release(),
        newest_kernel: told.get('installed') ?? '',
        driver: told.get('driver') ?? '',
        reboot_required: told.has('reboot'),
        packages: (await this.#machine()).packages,
      },
      snaps: await this.#snaps(),
      images: store.images.list().map(({ name, versions }) => ({
        name,
        versions: versions.map(({ version, release: build = '', fingerprint, status, inventory }) => ({
          ...{ version, release: build, fingerprint, status },
          android_patch: inventory?.androidPatch ?? '',
        })),
      })),
      applications: store.applications.list().map(({ name, versions }) => ({
        name,
        versions: versions.map(({ number, status, published, image, updates, inventory }) => ({
          ...{ version: number, status, published, image: image.fingerprint, updates },
          ...{ packages: inventory?.packages ?? {}, android_patch: inventory?.androidPatch ?? '' },
        })),
      })),
      instances: this.#instances().map(({ id, name, image, application }) => ({
        ...{ id, name, image: image.fingerprint },
        ...(application && { application: application.name, version: application.version }),
      })),
      pending: patching.patches.list().map(({ id, from, to, state, offeredAt }) => ({
        ...{ id, from, to, state, offered_at: new Date(offeredAt).toISOString() },
      })),
      taken_back: patching.patches
        .ends()
        .filter(({ outcome }) => outcome === 'reverted')
        .map(({ kind, subject, to, reason }) => ({ id: `${kind}/${subject}`, version: to, reason })),
    }
  }

  /**
   * The statement, and a JWS (RFC 7515, compact) over it by the key of the agent's own certificate, which stands in its `x5c`;
   * "" where the agent has none.
   */
  async signed() {
    const { certificate, key } = this.#parts.config.api
    const statement = await this.statement()
    if (!certificate) return { statement, jws: '' }
    const privateKey = createPrivateKey(readFileSync(key))
    const chain = readFileSync(certificate, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
    const x5c = (chain ?? []).map((pem) => new X509Certificate(pem).raw.toString('base64'))
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = privateKey
    const curves: Record<string, string> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }
    const alg = type === 'rsa' ? 'RS256' : type === 'ed25519' ? 'EdDSA' : (curves[details?.namedCurve ?? ''] ?? '')
    const sign = new CompactSign(Buffer.from(JSON.stringify(statement)))
    const jws = await sign.setProtectedHeader({ alg, typ: 'anbox-edge-attestation', x5c }).sign(privateKey)
    return { statement, jws }
  }

  /** Of the instances that run and of the machine. What has not the package at all does not lack it. */
  async lacking(question: Question): Promise<Lacking> {
    const { config } = this.#parts
    const found: Lacking = { lacking: [], unknown: [] }
    const subjects: { id: string; name: string; inventory: Inventory | undefined }[] = this.#instances().map(
      (record) => ({
        ...{ id: record.id, name: record.name },
        inventory: this.#inventory(record),
      }),
    )
    if (!('bulletin' in question))
      subjects.push({ id: 'machine', name: config.node.name, inventory: await this.#machine() })
    const known = new Map<string, Promise<boolean>>()
    for (const { id, name, inventory } of subjects) {
      const has = 'bulletin' in question ? inventory?.androidPatch : inventory?.packages[question.name]
      const told =
        inventory && ('bulletin' in question ? inventory.androidPatch : Object.keys(inventory.packages).length)
      if (!told) found.unknown.push({ id, name })
      else if (has !== undefined) {
        const older = known.get(has) ?? this.#older(has, question)
        known.set(has, older)
        if (await older) found.lacking.push({ id, name, has })
      }
    }
    return found
  }

  async #older(has: string, question: Question): Promise<boolean> {
    // Patch levels are dates, and compare as text.
    if ('bulletin' in question) return has < question.bulletin
    const { run } = this.#parts
    const { exitCode } = await run(['dpkg', '--compare-versions', has, 'lt', question.version], soon())
    return exitCode === 0
  }

  #instances(): InstanceRecord[] {
    return this.#parts.store.instances.list().filter(({ warm, base, goal }) => !warm && !base && goal !== 'deleted')
  }

  #inventory({ application, image }: InstanceRecord): Inventory | undefined {
    const { store } = this.#parts
    if (application) {
      const versions = store.applications.get(application.id)?.versions
      return versions?.find(({ number }) => number === application.version)?.inventory
    }
    return store.images.get(image.id)?.versions.find(({ version }) => version === image.version)?.inventory
  }

  async #machine(): Promise<Inventory> {
    return readInventory(await this.#sh(packagesScript))
  }

  async #snaps() {
    const { snapd } = this.#parts
    if (!existsSync(snapd.socketPath)) return []
    const snaps = await snapd.snaps(soon()).catch(() => [])
    return snaps.map(({ name, version, revision, 'tracking-channel': channel = '' }) => ({
      ...{ name, version, revision, channel },
    }))
  }

  async #sh(script: string): Promise<string> {
    return (await this.#parts.run(['sh', '-c', script], soon())).stdout
  }
}

function readOsRelease(): Record<string, string> {
  const path = '/etc/os-release'
  if (!existsSync(path)) return {}
  const lines = readFileSync(path, 'utf8').matchAll(/^([A-Z_]+)="?([^"\n]*)"?$/gm)
  return Object.fromEntries([...lines].map(([, key, value]) => [key, value]))
}
