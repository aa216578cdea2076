// `anbox-pki secret` as a person or a script meets it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { Command } from 'commander'
import { environment } from '../../../test/environment.ts'
import { addSecret } from './command.ts'

const test = suite('anbox-pki secret', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-secret-cli-'))
test.after(() => rmSync(directory, { recursive: true }))
const cli = join(import.meta.dirname, '../../cli.ts')
const value = 'correct horse battery staple'

function run(args: string[], { input = '', dir = 'pki' } = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', cli, ...args, '--dir', join(directory, dir)],
    {
      cwd: directory,
      input,
      encoding: 'utf8',
      env: { ...environment, SYSTEMD_CREDENTIAL_SECRET: join(directory, 'host-secret') },
    },
  )
  if (!args.includes('--reveal')) assert.ok(!(stdout + stderr).includes(value), args.join(' '))
  return { status, stdout, stderr }
}
const json = (args: string[], options = {}) => JSON.parse(run([...args, '--json'], options).stdout)

test('a secret is made, granted, rotated and removed; its value is printed only when asked for by name', () => {
  assert.equal(
    run(['secret', 'create', 'turn', '--owner', 'coturn', '--value-stdin'], { input: `${value}\n` }).status,
    0,
  )
  assert.equal(run(['secret', 'show', 'turn', '--reveal']).stdout, `${value}\n`)
  assert.match(run(['secret', 'show', 'turn']).stdout, /^Secret "turn" of coturn, revision 1, good$/m)
  assert.equal(run(['secret', 'show', 'turn', '--reveal', '--as', 'gateway']).status, 7)
  assert.equal(run(['secret', 'grant', 'turn', '--to', 'gateway', '--relation', 'coturn:gateway']).status, 0)
  assert.equal(run(['secret', 'show', 'turn', '--reveal', '--as', 'gateway']).stdout, `${value}\n`)
  assert.equal(json(['secret', 'rotate', 'turn', '--value-stdin', '--overlap', '1h'], { input: 'new' }).revision, 2)
  const both = json(['secret', 'show', 'turn', '--reveal'])
  assert.deepEqual([both.value, both.also[0].value], ['new', value])
  assert.match(run(['secret', 'list']).stdout, /^turn {2,}coturn {2,}2 .*gateway \(coturn:gateway\)$/m)
  assert.match(run(['secret', 'revoke', '--relation', 'coturn:gateway']).stdout, /^Took back turn in coturn:gateway$/m)
  assert.equal(run(['secret', 'remove', 'turn']).status, 0)
  assert.equal(run(['secret', 'show', 'turn']).status, 3)
})

test('a generated secret is rotated when it is due', () => {
  run(['secret', 'create', 'token', '--owner', 'nats', '--bytes', '32', '--format', 'hex', '--ttl', '1d'])
  assert.match(run(['secret', 'show', 'token', '--reveal']).stdout, /^[0-9a-f]{64}\n$/)
  assert.deepEqual(json(['secret', 'rotate', '--due', '12h']), { rotated: [] })
  assert.deepEqual(json(['secret', 'rotate', '--due', '2d']), { rotated: ['token'] })
})

test('a secret goes from one deployment to another', () => {
  for (const name of ['berlin', 'paris']) {
    run(['init', '--key', 'ecdsa-p256'], { dir: name })
    run(['issue', 'client', name], { dir: name })
  }
  run(['secret', 'create', 'turn', '--owner', 'coturn', '--value-stdin'], { dir: 'berlin', input: value })
  const offer = [
    'secret',
    'offer',
    'turn',
    '--to',
    'paris/credentials/paris.crt',
    '--as',
    'berlin',
    '--file',
    'turn.offer',
  ]
  assert.equal(run(offer, { dir: 'berlin' }).status, 0)
  assert.equal(statSync(join(directory, 'turn.offer')).mode & 0o777, 0o600)
  assert.equal(run(offer, { dir: 'berlin' }).status, 4)
  const accept = [
    'secret',
    'accept',
    'turn.offer',
    '--as',
    'paris',
    '--from',
    'anbox:client/berlin',
    '--owner',
    'gateway',
  ]
  assert.equal(run([...accept, '--root', 'paris/root/ca.crt'], { dir: 'paris' }).status, 7)
  const root = ['--root', 'berlin/root/ca.crt']
  assert.equal(run([...accept, ...root], { dir: 'paris' }).status, 0)
  assert.equal(run([...accept, ...root], { dir: 'paris' }).status, 7)
  assert.equal(run(['secret', 'show', 'turn', '--reveal'], { dir: 'paris' }).stdout, `${value}\n`)
  assert.match(
    run(['secret', 'rotate', 'turn', '--value-stdin'], { dir: 'berlin', input: 'x' }).stdout,
    /^Offer it to anbox:client\/paris again/m,
  )
})

test('what was done with secrets is in the audit log of an authority, without a value', () => {
  run(['secret', 'create', 'logged', '--owner', 'o', '--value-stdin'], { dir: 'berlin', input: value })
  run(['secret', 'grant', 'logged', '--to', 'gateway', '--relation', 'r'], { dir: 'berlin' })
  run(['secret', 'remove', 'logged'], { dir: 'berlin' })
  const { ok, records } = json(['audit', '--last', '3'], { dir: 'berlin' })
  assert.ok(ok)
  assert.deepEqual(
    records.map(({ action, subject }: { action: string; subject: string }) => `${action} ${subject}`),
    ['secret.create logged', 'secret.grant logged', 'secret.remove logged'],
  )
})

test('a backup has the secrets as well', () => {
  const passphrase = 'a long enough pass phrase'
  writeFileSync(join(directory, 'passphrase'), passphrase, { mode: 0o600 })
  const by = ['--password-file', join(directory, 'passphrase')]
  assert.equal(run(['backup', join(directory, 'berlin.backup'), ...by], { dir: 'berlin' }).status, 0)
  assert.equal(run(['restore', join(directory, 'berlin.backup'), ...by], { dir: 'restored' }).status, 0)
  assert.equal(run(['secret', 'show', 'turn', '--reveal'], { dir: 'restored' }).stdout, 'x\n')
})

test('wrong use and a wrong key have their exit codes', () => {
  run(['secret', 'create', 'one', '--owner', 'o'])
  const wrong: [string[], number][] = [
    [['secret', 'create', 'one', '--owner', 'o'], 4],
    [['secret', 'create', 'two'], 2],
    [['secret', 'create', 'two', '--owner', 'o', '--value', value], 2],
    [['secret', 'create', 'two', '--owner', 'o', '--ttl', 'soon'], 2],
    [['secret', 'create', 'two', '--owner', 'o', '--value-stdin'], 2],
    [['secret', 'rotate'], 2],
    [['secret', 'rotate', 'one', '--if-revision', '9'], 4],
    [['secret', 'revoke', 'one'], 2],
    [['secret', 'show', 'none'], 3],
    [['secret', 'list', '--key-file', join(directory, 'other', 'key')], 5],
  ]
  for (const [args, code] of wrong) assert.equal(run(args).status, code, args.join(' '))
})

test('inventory lists the files of an authority and what is named', () => {
  const { files } = json(['inventory', '--root', directory], { dir: 'berlin' })
  const paths = files.map(({ path }: { path: string }) => path.replace(`${directory}/berlin/`, ''))
  for (const path of ['root/ca.key', 'control/ca.key', 'credentials/berlin.key', 'secrets/secrets.db'])
    assert.ok(paths.includes(path), path)
  assert.match(run(['inventory', '--root', directory], { dir: 'berlin' }).stdout, /^FILE +OF +OWNER +MODE +READ BY/)
})

test('every command has help with examples and exit codes', () => {
  const program = new Command('anbox-pki')
  addSecret(program)
  const commands = program.commands[0]?.commands ?? []
  assert.equal(commands.length, 9)
  for (const command of commands) {
    let help = ''
    command
      .configureOutput({
        writeOut: (text) => {
          help += text
        },
      })
      .outputHelp()
    assert.match(help, new RegExp(`Examples:\\n {2}\\$ anbox-pki secret ${command.name()} `))
    assert.match(help, /Exit codes:/)
  }
})
