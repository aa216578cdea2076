// Runs test files, each in a process of its own, and ends with one line: `N passed, N failed`.
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Count } from './index.ts'

const main = join(import.meta.dirname, 'main.ts')

export type RunOptions = {
  /** Folder that the patterns and the printed names are relative to. */
  root: string
  /** Glob patterns of test files. */
  patterns: string[]
  /** Further environment of the test processes. */
  env?: Record<string, string>
  /** How many files at once; 1 unless said. */
  jobs?: number
  /** Milliseconds until a file's process is killed; 10 minutes unless said. */
  fileTimeout?: number
  signal?: AbortSignal
}

/** Runs the files and prints their output whole, file by file. A file that ends badly or reports nothing counts as one failure. */
export async function runFiles(options: RunOptions): Promise<{ passed: number; failed: number }> {
  const files = [
    ...new Set(
      globSync(options.patterns, { cwd: options.root, exclude: (name) => name === 'node_modules' || name === 'dist' }),
    ),
  ].sort()
  const reports = mkdtempSync(join(tmpdir(), 'harness-'))
  const total = { passed: 0, failed: 0 }
  const queue = files.map((file, index) => ({ file, report: join(reports, `${index}.json`) }))
  if (queue.length === 0) {
    console.error(`no test file matches ${options.patterns.join(' ')}`)
    total.failed += 1
  }
  const worker = async () => {
    for (let next = queue.shift(); next && !options.signal?.aborted; next = queue.shift()) {
      const { code, output, seconds } = await runFile(next.file, next.report, options)
      const count = readCount(next.report)
      const broken = !count || count.empty.length > 0 || count.suites === 0 || (code !== 0 && count.failed === 0)
      total.passed += count?.passed ?? 0
      total.failed += (count?.failed ?? 0) + (broken ? 1 : 0)
      console.log(`── ${relative('.', next.file)} (${seconds.toFixed(1)} s)${broken ? ` ✘ ${why(count, code)}` : ''}`)
      process.stdout.write(`${output.replace(/\n\s+Total:[\s\S]*?Duration:.*\n+/g, '\n').trim()}\n`)
    }
  }
  await Promise.all(Array.from({ length: options.jobs ?? 1 }, worker))
  rmSync(reports, { recursive: true, force: true })
  return total
}

function readCount(report: string): Count | undefined {
  return existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as Count) : undefined
}

function why(count: Count | undefined, code: number | null): string {
  if (!count) return `ended before its tests did (exit ${code})`
  if (count.suites === 0) return 'registers no suite'
  if (count.empty.length > 0) return `a suite registers no test: ${count.empty.join(', ')}`
  return `all tests passed, and yet the process ended with ${code}`
}

async function runFile(file: string, report: string, options: RunOptions) {
  const started = performance.now()
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, file], {
    cwd: options.root,
    env: { ...process.env, ...options.env, HARNESS_REPORT: report },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  child.stderr.on('data', (chunk) => chunks.push(chunk))
  const kill = () => child.kill('SIGKILL')
  const timer = setTimeout(kill, options.fileTimeout ?? 600_000)
  options.signal?.addEventListener('abort', kill, { once: true })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  clearTimeout(timer)
  options.signal?.removeEventListener('abort', kill)
  return { code, output: Buffer.concat(chunks).toString(), seconds: (performance.now() - started) / 1000 }
}
