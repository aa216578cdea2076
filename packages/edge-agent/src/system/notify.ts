// sd_notify(3): tells systemd that the agent is ready, what it does, and that it is alive. Nothing where there is no systemd.
import type { DgramSocket } from 'node-unix-socket'

export class Notify {
  readonly #target: string | undefined
  #socket: DgramSocket | undefined
  #timer: NodeJS.Timeout | undefined

  private constructor(env: NodeJS.ProcessEnv) {
    this.#target = env.NOTIFY_SOCKET
  }

  /** Node has no datagram unix sockets; the native module that has is loaded only where systemd asks for it. */
  static async open(env: NodeJS.ProcessEnv = process.env): Promise<Notify> {
    const notify = new Notify(env)
    if (!notify.#target) return notify
    const { DgramSocket } = await import('node-unix-socket')
    notify.#socket = new DgramSocket()
    notify.#watch(env)
    return notify
  }

  #watch(env: NodeJS.ProcessEnv): void {
    // WATCHDOG_USEC is in microseconds, and for the process WATCHDOG_PID only.
    const period = Number(env.WATCHDOG_USEC) / 1000
    if (period > 0 && (!env.WATCHDOG_PID || Number(env.WATCHDOG_PID) === process.pid)) {
      this.#timer = setInterval(() => this.#send('WATCHDOG=1'), period / 2)
    }
  }

  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${status}`)
  }

  status(status: string): void {
    this.#send(`STATUS=${status}`)
  }

  stopping(): void {
    clearInterval(this.#timer)
    this.#send('STOPPING=1')
  }

  close(): void {
    clearInterval(this.#timer)
    this.#socket?.close()
  }

  #send(text: string): void {
    if (!this.#socket || !this.#target) return
    const bytes = Buffer.from(text)
    // An abstract socket is written with "@" in the environment and begins with a zero byte.
    const path = this.#target.startsWith('@') ? `\0${this.#target.slice(1)}` : this.#target
    this.#socket.sendTo(bytes, 0, bytes.length, path, () => {})
  }
}
