// `npm test [-- FILE …] [--long]`: installs what the tests need, checks types and style, and runs the test files on one
// private LXD. Ends with the line `N passed, N failed`.
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { runFiles } from '../test/harness/run.ts'
import { checks } from './checks.ts'
import { attempt } from './command.ts'
import { SetupError } from './errors.ts'
import { InterruptedError, interruption } from './interrupt.ts'
import { ensurePackages, lxdPackages, type Package, standInPackages } from './packages.ts'
import { killAll, markedProcesses } from './processes.ts'
import { asker, becomeRoot } from './terminal.ts'
import { selectFiles } from './tests/files.ts'
import { runMark, setStage } from './tests/stage.ts'

const usage = `Usage: npm test [-- [--long] [--yes] [FILE, FOLDER or PATTERN …]]

  npm test                                   types, style, and all tests but the long ones
  npm test -- test/live/quickstart.test.ts   one file; without types and style
  TEST_NAME=words npm test -- FILE           only the tests of a file whose names contain the words
  --long                                     the long tests too
  --yes                                      do not ask before sudo is used`

const packages: Package[] = [
  ...lxdPackages,
  { name: 'adb', command: 'adb', why: 'Android systems are tried with the real one' },
  { name: 'openssl', command: 'openssl', why: 'certificates are checked with a second implementation' },
  { name: 'strongswan-pki', command: 'pki', why: 'machines enrol with a client that is not ours' },
  {
    name: 'libstrongswan-standard-plugins',
    file: '/usr/lib/ipsec/plugins/libstrongswan-openssl.so',
    why: 'without it that client knows no ECDSA',
  },
  { name: 'curl', command: 'curl', why: 'and with another one' },
  { name: 'openssh-client', command: 'ssh', why: 'machines are adopted over it' },
  { name: 'openssh-server', command: 'sshd', why: 'machines are adopted over it' },
  { name: 'dosfstools', command: 'mkfs.vfat', why: 'seeds for cloud-init are made with it' },
  { name: 'mtools', command: 'mcopy', why: 'seeds for cloud-init are made with it' },
  { name: 'faketime', command: 'faketime', why: "jumps with the agent's clock" },
  { name: 'bzip2', command: 'bzip2', why: 'packages of applications are compressed with it' },
  ...standInPackages,
  { name: 'dpkg-dev', command: 'dpkg-source', why: "unpacks LXD's source package, which the LXD types come from" },
  { name: 'nats-server', command: 'nats-server', why: 'its rendered configuration is tried with the real one' },
  { name: 'etcd-server', command: 'etcd', why: 'its rendered configuration is tried with the real one' },
  { name: 'coturn', command: 'turnserver', why: 'its rendered configuration is tried with the real one' },
  { name: 'python3-pymacaroons', why: 'gateway tokens are checked with a second implementation' },
  {
    name: 'python3-cryptography-vectors',
    file: '/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data',
    why: "NIST's path validation vectors are in it",
  },
  { name: 'procps', command: 'pgrep', why: 'tests look at processes with it' },
]

/** What only the long tests need. */
const longPackages: Package[] = [
  { name: 'chromium', command: 'chromium', why: "the browser build of the gateway's client runs in it" },
  { name: 'mmdebstrap', command: 'mmdebstrap', why: 'makes the machines that are bootstrapped' },
  { name: 'gpg', command: 'gpg', why: 'signs the archive that guests are updated from' },
]

const root = dirname(import.meta.dirname)
const log = (line: string) => console.error(line)
const total = { passed: 0, failed: 0 }

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { long: { type: 'boolean' }, yes: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help) return console.log(usage)
  const yes = values.yes ?? false
  const files = selectFiles(root, positionals, values.long ?? false)
  if (files.unit.length + files.live.length === 0) throw new SetupError(`no test file matches ${positionals.join(' ')}`)
  const ask = asker(yes)
  await becomeRoot(ask, { why: 'The tests run a real LXD, which needs root.', command: 'sudo -E npm test', yes })
  const long = [...files.unit, ...files.live].some((file) => file.endsWith('.long.test.ts'))
  await ensurePackages(long ? [...packages, ...longPackages] : packages, { ask, log, signal })

  // Hundreds of kills take their time.
  const fileTimeout = long ? 3_600_000 : 600_000
  const stage = await setStage(root, log, signal)
  try {
    // Live tests wait more than they work: the unit tests take what they leave of the machine.
    const { env } = stage
    await Promise.all([
      files.live.length > 0 && runFiles({ root, patterns: files.live, env, fileTimeout, signal }).then(add),
      files.unit.length > 0 && runFiles({ root, patterns: files.unit, env, jobs: 2, fileTimeout, signal }).then(add),
      positionals.length === 0 && Promise.all(checks.map(check)),
    ])
    signal.throwIfAborted()
  } finally {
    // A test that leaves a process running has failed, even when all its assertions held.
    for (const { pid, words } of await killAll(() => markedProcesses(runMark, stage.run))) {
      if (!signal.aborted) add({ passed: 0, failed: 1 })
      log(`✘ left running by a test, and killed: ${pid} ${words.join(' ')}`)
    }
    await stage.clear()
  }
}

async function check({ name, program, args }: (typeof checks)[number]): Promise<void> {
  const { code, stdout, stderr } = await attempt(program, args, { cwd: root, signal })
  add(code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })
  console.log(`── ${name} ${code === 0 ? '•' : `✘\n${stdout}${stderr}`}`)
}

function add({ passed, failed }: { passed: number; failed: number }): void {
  total.passed += passed
  total.failed += failed
}

const signal = interruption(log)
try {
  await main()
  if (total.failed > 0) process.exitCode = 1
} catch (thrown) {
  const error = signal.aborted ? signal.reason : thrown
  total.failed += 1
  process.exitCode = error instanceof InterruptedError ? error.code : 1
  console.error(error instanceof SetupError || error instanceof InterruptedError ? `test: ${error.message}` : error)
}
if (total.passed + total.failed > 0) console.log(`${total.passed} passed, ${total.failed} failed`)
