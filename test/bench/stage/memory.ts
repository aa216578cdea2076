// Memory of processes, from /proc/PID/status: resident pages, in MB of 10^6 bytes.
import { readFileSync, writeFileSync } from 'node:fs'

export function resident(pid: number): { now: number; peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string) => (Number(text.match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))?.[1] ?? 0) * 1024) / 1e6
  return { now: field('VmRSS'), peak: field('VmHWM') }
}

/** Begins to watch processes; the result tells how far all of them together rose above what they have now. */
export function watchPeak(...pids: number[]): () => number {
  const before = pids.map((pid) => {
    writeFileSync(`/proc/${pid}/clear_refs`, '5') // proc(5): the peak becomes what is resident now.
    return resident(pid).now
  })
  return () => pids.reduce((sum, pid, index) => sum + resident(pid).peak - (before[index] ?? 0), 0)
}

/** The peak of a process that will end by itself; the result may be asked for after that. */
export function peakOf(pid: number): () => number {
  let peak = 0
  const look = () => {
    try {
      peak = resident(pid).peak || peak
    } catch {
      clearInterval(timer) // It ended.
    }
  }
  const timer = setInterval(look, 10)
  return () => {
    clearInterval(timer)
    return peak
  }
}
