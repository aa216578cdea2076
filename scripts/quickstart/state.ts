// Where the quickstart keeps everything, and that only one of them works there at a time.
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SetupError } from '../errors.ts'
import { bridgeName } from '../lxd/index.ts'
import { sendSignal } from '../processes.ts'

export const checkout = dirname(dirname(import.meta.dirname))

/** In the environment of the agent and of adb's server, so that they are found whatever happened since. */
export const mark = 'ANBOX_QUICKSTART_STATE'

export class State {
  readonly folder: string
  /** Six hexadecimal digits that tell this state from another checkout's. */
  readonly id: string

  constructor(folder = process.env.ANBOX_QUICKSTART_DIR || join(checkout, '.anbox')) {
    // Nobody but its owner may enter: it holds keys.
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.folder = realpathSync(folder)
    this.id = bridgeName(this.folder).slice(-6)
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts)
  }

  /** Throws SetupError when another quickstart works here. A dead one's claim is void. */
  claim(): () => void {
    const file = this.path('running')
    for (;;) {
      try {
        writeFileSync(file, String(process.pid), { flag: 'wx' })
        return () => rmSync(file, { force: true })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const pid = Number(read(file))
      if (pid !== process.pid && pid > 1 && sendSignal(pid, 0) && isQuickstart(pid))
        throw new SetupError(`another quickstart (process ${pid}) works in ${this.folder}: wait for it or end it`)
      rmSync(file, { force: true })
    }
  }
}

function isQuickstart(pid: number): boolean {
  return read(`/proc/${pid}/cmdline`).includes('quickstart')
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
