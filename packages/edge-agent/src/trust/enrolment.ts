// The machine's own certificate in the deployment: asked for once with a one-time token, then renewed for ever. Nothing of
// it stops the agent: while there is no certificate the Android systems run and the API answers all the same.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Enrolment as Certificate, EnrolmentRefusedError, enrol, keepEnrolled } from '@anbox/pki'
import type { Config } from '../config.ts'
import type { Logger } from '../system/log.ts'

/** Milliseconds between two tries: the first pause, and the longest. */
const [firstPause, longestPause] = [1_000, 300_000]
/** Milliseconds that the clock of a machine that was just switched on may take to be set. */
const clockPatience = 60_000

export type EnrolmentReport = {
  status: 'off' | 'pending' | 'enrolled' | 'refused'
  message: string
  fingerprint: string
  /** RFC 3339; "" where there is no certificate. */
  not_after: string
  renew_at: string
}

export class Enrolment {
  readonly #config: Config
  readonly #log: Logger
  readonly #closing = new AbortController()
  #report: EnrolmentReport = { status: 'off', message: '', fingerprint: '', not_after: '', renew_at: '' }
  #running: Promise<void> = Promise.resolve()

  constructor(config: Config, log: Logger) {
    this.#config = config
    this.#log = log
  }

  get report(): EnrolmentReport {
    return this.#report
  }

  /** Does nothing where no server is configured. */
  start(): void {
    if (!this.#config.enrolment.url) return
    this.#report = { ...this.#report, status: 'pending' }
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#enrol()
        await this.#keep()
      } catch (error) {
        if (signal.aborted) return
        const { message } = error as Error
        // A person may put a new token there, so a refusal is asked again too, but seldom.
        const refused = error instanceof EnrolmentRefusedError
        const pause = refused ? longestPause : Math.min(firstPause * 2 ** failures, longestPause)
        this.#report = { ...this.#report, status: refused ? 'refused' : 'pending', message }
        this.#log.warn({ error: message, pause }, 'the machine is not enrolled; it will be tried again')
        await sleep(pause, undefined, { signal }).catch(() => {})
      }
    }
  }

  async #enrol(): Promise<void> {
    const { url, tokenFile, ca } = this.#config.enrolment
    const token = tokenFile && existsSync(tokenFile) ? readFileSync(tokenFile, 'utf8').trim() : ''
    const enrolled = await enrol({
      ...this.#place,
      url,
      token,
      ca: readFileSync(ca, 'utf8'),
      clockPatienceMs: clockPatience,
      signal: this.#closing.signal,
    })
    // It has done what it was for; whoever finds it later shall find nothing.
    if (tokenFile) rmSync(tokenFile, { force: true })
    this.#note(enrolled)
    this.#log.info({ state: enrolled.state, notAfter: enrolled.credential.notAfter }, 'the machine is enrolled')
  }

  #keep(): Promise<void> {
    return keepEnrolled({
      ...this.#place,
      clockPatienceMs: clockPatience,
      signal: this.#closing.signal,
      onRenewed: (renewed) => {
        this.#note(renewed)
        this.#log.info({ notAfter: renewed.credential.notAfter }, "the machine's certificate was renewed")
      },
      onFailed: (error, pause) => {
        this.#report = { ...this.#report, message: (error as Error).message }
        this.#log.warn({ error: (error as Error).message, pause }, "the machine's certificate could not be renewed yet")
      },
    })
  }

  get #place() {
    return { directory: join(this.#config.stateDirectory, 'identity'), name: 'machine' }
  }

  #note({ credential, renewAt }: Certificate): void {
    this.#report = {
      status: 'enrolled',
      message: '',
      fingerprint: credential.fingerprint,
      not_after: credential.notAfter.toISOString(),
      renew_at: renewAt.toISOString(),
    }
  }
}
