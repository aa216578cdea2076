// The PEM files that TLS is made of: the server's certificate and key, the CAs, the revocation lists. They are read again
// when they change, so a renewal, a rotation or a revocation needs no restart.
import { readFileSync, statSync } from 'node:fs'
import type { Config } from '../config.ts'

export type TlsFiles = { certificate: string; key: string; anchors: string[]; revocationLists: string[] }

/** Milliseconds between two looks at the files; a revocation counts within 5 s. */
const period = 1_000

export class TrustFiles {
  readonly #api: Config['api']
  #timer: NodeJS.Timeout | undefined
  #seen: string

  constructor(api: Config['api']) {
    this.#api = api
    this.#seen = this.#stamp()
  }

  /** @throws when a file cannot be read: it may be just being replaced. */
  read(): TlsFiles {
    const text = (path: string) => readFileSync(path, 'utf8')
    const { certificate, key, trustedCertificates, revocationLists } = this.#api
    return {
      certificate: certificate && text(certificate),
      key: key && text(key),
      anchors: trustedCertificates.map(text),
      revocationLists: revocationLists.map(text),
    }
  }

  /** Has somebody look every second. */
  watch(look: () => void): void {
    this.#timer = setInterval(look, period)
  }

  /** Calls `onChange` when the files have changed; what throws is called again at the next look, for a pair may be half replaced. */
  check(onChange: () => void, onProblem: (error: Error) => void): void {
    const now = this.#stamp()
    if (now === this.#seen) return
    try {
      onChange()
      this.#seen = now
    } catch (error) {
      onProblem(error as Error)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #stamp(): string {
    const { certificate, key, trustedCertificates, revocationLists } = this.#api
    return [certificate, key, ...trustedCertificates, ...revocationLists].map(stampOf).join()
  }
}

function stampOf(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true })
    return `${ino}:${size}:${mtimeNs}`
  } catch {
    return 'none'
  }
}
