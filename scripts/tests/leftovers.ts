// A test that leaves a process running has failed, even when all its assertions held.
import { readdirSync, readFileSync } from 'node:fs'

export const runMark = 'ANBOX_TEST_RUN'

/** Ends the processes that inherited this run's mark, and names them. */
export function endLeftovers(run: string): string[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    if (!(pid > 1) || pid === process.pid) return []
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`${runMark}=${run}`)) return []
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      if (!command) return []
      process.kill(pid, 'SIGKILL')
      return [`${pid} ${command}`]
    } catch {
      return [] // It ended while we looked.
    }
  })
}
