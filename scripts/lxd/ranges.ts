// Unprivileged containers run as user and group numbers that /etc/subuid and /etc/subgid lend to root (and to LXD's own user).
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** Adds ranges where there are none. What is there stays as it is. */
export function ensureIdRanges(log: (line: string) => void): void {
  const users = readFileSync('/etc/passwd', 'utf8').match(/^_lxd:/m) ? ['root', '_lxd'] : ['root']
  for (const file of ['/etc/subuid', '/etc/subgid']) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const rows = text.split('\n').map((line) => line.split(':'))
    const root = rows.find(([name]) => name === 'root')
    // Both use the same numbers: LXD's user starts containers with root's range.
    const free = Math.max(1_000_000, ...rows.map(([, first, count]) => Number(first ?? 0) + Number(count ?? 0) || 0))
    const range = root ? `${root[1]}:${root[2]}` : `${free}:1000000000`
    for (const user of users) {
      if (rows.some(([name]) => name === user)) continue
      log(`adding \`${user}:${range}\` to ${file}: containers need user and group numbers of their own`)
      appendFileSync(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${user}:${range}\n`)
    }
  }
}
