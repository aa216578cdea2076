import type { Readable } from 'node:stream'
import { OutputLimitError } from '../errors.ts'
import type { Exec } from './exec.ts'

export type RunResult = { exitCode: number; stdout: string; stderr: string }

const mebibyte = 1024 * 1024

/** Runs a command and keeps what it writes. Throws `OutputLimitError`, and kills it, beyond `limit` bytes per output (1 MiB unless said). */
export async function collect(
  start: (signal: AbortSignal) => Promise<Exec>,
  signal?: AbortSignal,
  limit = mebibyte,
): Promise<RunResult> {
  const enough = new AbortController()
  const running = await start(signal ? AbortSignal.any([signal, enough.signal]) : enough.signal)
  running.stdin.on('error', () => {})
  const read = async (stream: Readable, name: string) => {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.byteLength
      if (size > limit) {
        const message = `the command wrote more than ${limit} bytes to ${name}: use exec and read it as a stream, or raise limit`
        enough.abort(new OutputLimitError(message, { code: 'output-limit' }))
        break
      }
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString()
  }
  const outputs = Promise.allSettled([read(running.stdout, 'stdout'), read(running.stderr, 'stderr')])
  const { exitCode } = await running.done
  const [stdout, stderr] = await outputs
  if (stdout.status === 'rejected') throw stdout.reason
  if (stderr.status === 'rejected') throw stderr.reason
  return { exitCode, stdout: stdout.value, stderr: stderr.value }
}
