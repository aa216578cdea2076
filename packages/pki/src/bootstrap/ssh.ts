// The system's ssh, and only to a host whose key is the one that was named: nothing is asked, nothing is learned.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { EnrolmentUnavailableError, InvalidRequestError, ServerUntrustedError } from '../errors.ts'

/** How the host is known: exactly one of them. */
export type HostKnown = {
  /** A file of known hosts. */
  knownHosts?: string | undefined
  /** `SHA256:…`, as `ssh-keygen -l` prints it on the host. */
  fingerprint?: string | undefined
  /** A file with the public key of the CA that signed the host's key. */
  hostCa?: string | undefined
}
export type SshTarget = HostKnown & {
  /** `HOST` or `USER@HOST`. */
  host: string
  port?: number | undefined
  /** A file with the private key to log in with; ssh's own choice unless said. */
  identity?: string | undefined
}
export type SshResult = { code: number; stdout: string; stderr: string }

const hostPattern = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?([A-Za-z0-9][A-Za-z0-9.-]*|[0-9a-fA-F:]+)$/
const fingerprintPattern = /^SHA256:[A-Za-z0-9+/]{43}$/
const longest = 1024 * 1024

/**
 * Runs a command on the host, with the input by standard input.
 * @throws {ServerUntrustedError} when the host's key is not the named one; nothing was sent
 * @throws {EnrolmentUnavailableError} when there is no connection, or no way in
 * @throws {InvalidRequestError} for a host that cannot be, or one that is known in no way or in several
 */
export async function runOverSsh(target: SshTarget, command: string, input: string): Promise<SshResult> {
  const { host, port = 22, identity } = target
  const [, name] = hostPattern.exec(host) ?? []
  if (!name) throw new InvalidRequestError(`"${host}" is not HOST or USER@HOST`)
  const folder = await mkdtemp(join(tmpdir(), 'anbox-pki-'))
  try {
    const known = await knownHostsFile(target, { name, port, folder })
    const options = {
      BatchMode: 'yes',
      StrictHostKeyChecking: 'yes',
      UserKnownHostsFile: `"${known}"`,
      GlobalKnownHostsFile: '/dev/null',
      KnownHostsCommand: 'none',
      UpdateHostKeys: 'no',
      VerifyHostKeyDNS: 'no',
      CheckHostIP: 'no',
      ClearAllForwardings: 'yes',
      ForwardAgent: 'no',
      ControlMaster: 'no',
      ControlPath: 'none',
      ConnectTimeout: '20',
      ServerAliveInterval: '15',
      LogLevel: 'ERROR',
    }
    const result = await run(
      'ssh',
      [
        ...['-T', '-p', String(port)],
        ...Object.entries(options).flatMap(([option, value]) => ['-o', `${option}=${value}`]),
        ...(identity === undefined ? [] : ['-i', identity, '-o', 'IdentitiesOnly=yes']),
        ...['--', host, command],
      ],
      input,
    )
    if (result.code !== 255) return result
    if (/host key|HOST IDENTIFICATION|host certificate/i.test(result.stderr))
      throw new ServerUntrustedError(`the key of ${name} is not the one that it must have: ${lastLine(result.stderr)}`)
    throw new EnrolmentUnavailableError(`ssh did not get to ${host}: ${lastLine(result.stderr)}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function knownHostsFile(
  { knownHosts, fingerprint, hostCa }: HostKnown,
  { name, port, folder }: { name: string; port: number; folder: string },
): Promise<string> {
  if ([knownHosts, fingerprint, hostCa].filter((one) => one !== undefined).length !== 1)
    throw new InvalidRequestError('say in one way how the host is known: known hosts, fingerprint, or host CA')
  if (knownHosts !== undefined) {
    await read(knownHosts)
    return resolve(knownHosts)
  }
  const pattern = port === 22 ? name : `[${name}]:${port}`
  const lines =
    hostCa === undefined
      ? (await keysWith(fingerprint ?? '', name, port)).map((key) => `${pattern} ${key}`)
      : publicKeys(await read(hostCa)).map((key) => `@cert-authority ${pattern} ${key}`)
  const file = join(folder, 'known_hosts')
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  return file
}

/** The host's keys that have the fingerprint. Whoever answers here, ssh checks again that the host holds the key. */
async function keysWith(fingerprint: string, name: string, port: number): Promise<string[]> {
  if (!fingerprintPattern.test(fingerprint))
    throw new InvalidRequestError('a fingerprint is SHA256: and 43 characters, as ssh-keygen -l prints it')
  const { stdout } = await run('ssh-keyscan', ['-T', '20', '-p', String(port), '--', name], '')
  const keys = stdout.split('\n').flatMap((line) => /^[^#\s]\S* (\S+ [A-Za-z0-9+/=]+)$/.exec(line)?.[1] ?? [])
  if (keys.length === 0) throw new EnrolmentUnavailableError(`${name} shows no SSH host key on port ${port}`)
  const found = keys.filter((key) => fingerprintOf(key) === fingerprint)
  if (found.length === 0)
    throw new ServerUntrustedError(
      `no key of ${name} is ${fingerprint}; it shows ${keys.map(fingerprintOf).join(', ')}`,
    )
  return found
}

function fingerprintOf(key: string): string {
  const [, blob = ''] = key.split(' ')
  return `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')}`
}

function publicKeys(text: string): string[] {
  const keys = text.split('\n').flatMap((line) => /^([a-z0-9@.-]+ [A-Za-z0-9+/=]+)(?: |$)/.exec(line.trim())?.[1] ?? [])
  if (keys.length === 0) throw new InvalidRequestError('the file of the host CA holds no public key')
  return keys
}

function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new InvalidRequestError(`how the host is known cannot be read: ${cause.message}`, { cause })
  })
}

function run(program: string, args: string[], input: string): Promise<SshResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        if (text[name].length < longest) text[name] += chunk
      })
    child.on('error', (cause: NodeJS.ErrnoException) => {
      const missing = cause.code === 'ENOENT'
      reject(missing ? new InvalidRequestError(`${program} was not found; install openssh-client`) : cause)
    })
    child.on('close', (code) => resolve({ code: code ?? 255, ...text }))
    child.stdin.on('error', () => {}).end(input)
  })
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
