// `anbox-pki rotate …` as a person or a script meets it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { createAuthority, openAuthority, saveCredential } from '../../index.ts'

const test = suite('anbox-pki rotate', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-rotate-'))
test.after(() => rmSync(directory, { recursive: true }))
const cli = join(import.meta.dirname, '../../cli.ts')
const pki = join(directory, 'pki')
const consumers = join(pki, 'consumers.json')
const told = join(directory, 'told')

test.before(async () => {
  const authority = await createAuthority(pki, { key: 'ecdsa-p256' })
  for (const [name, kind] of [
    ['edge', 'server'],
    ['ops', 'client'],
  ] as const) {
    const dns = kind === 'server' ? ['edge.example'] : []
    await saveCredential(join(directory, name), name, await authority.issue({ kind, name, dns }))
  }
  write(['sh', '-c', `echo "$ANBOX_PKI_CONSUMER $ANBOX_PKI_NEED $ANBOX_PKI_STAGE" >> ${told}`])
})

/** @param command what the server's SIGHUP is done by */
function write(command: string[]): void {
  const of = (name: string) => {
    const file = (suffix: string) => join(directory, name, suffix)
    const files = { trust: file('ca.crt'), certificate: file(`${name}.crt`), key: file(`${name}.key`) }
    return { name, purpose: 'control', anchor: 'root', files }
  }
  const needs = { trust: 'SIGHUP', chain: 'restart', leaf: 'restart' }
  writeFileSync(
    consumers,
    JSON.stringify([
      { ...of('edge'), needs, apply: { SIGHUP: command } },
      { ...of('ops'), needs: { trust: 'none', chain: 'none', leaf: 'none' } },
    ]),
  )
}

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', cli, 'rotate', ...args, '--dir', pki],
    {
      encoding: 'utf8',
    },
  )
  assert.doesNotMatch(stdout + stderr, /PRIVATE KEY|\n\s+at /)
  return { status, stdout, stderr }
}

test('a rotation from the announcement to the end', async () => {
  const before = (await openAuthority(pki)).rootCertificate
  const announced = run('root', '--announce')
  assert.match(announced.stdout, /distribute +edge +trust +SIGHUP\n.*\n +switch +edge +chain +restart\n/)
  assert.ok(!existsSync(join(pki, 'rotation.json')), 'an announcement writes nothing')
  assert.equal(run('status').status, 3)

  assert.match(run('root').stdout, /Changing the root: prepare \(step 1\)\ndistribute may follow/)
  assert.equal(run('leaf', 'ops').status, 4)
  assert.match(run('next').stdout, /edge +SIGHUP +not acknowledged\n +ops +none +not acknowledged\n/)
  const early = run('next')
  assert.equal(early.status, 8)
  assert.match(early.stderr, /distribute was not acknowledged by edge, ops/)
  assert.equal(run('ack', 'edge', '--step', '1').status, 4)
  assert.equal(run('ack', 'nobody').status, 2)
  assert.equal(run('apply').status, 0)
  assert.equal(readFileSync(told, 'utf8'), 'edge SIGHUP distribute\n')
  // There is no command for a restart: that is left to a person.
  assert.match(
    run('next', '--apply').stdout,
    /switch \(step 3\)\n.*\n +edge +restart +not acknowledged\n +ops +none +acknowledged/,
  )
  assert.match(run('abort', '--json').stdout, /"stage":"distribute","direction":"back"/)
  run('resume')
  run('ack', 'ops')
  assert.match(run('next', '--force', 'edge').stdout, /drop \(step 6\)\n.*\n +edge +restart +passed over before/)
  for (const name of ['edge', 'ops']) run('ack', name)
  assert.equal(run('next').stdout, 'Changed the root\n')
  assert.notEqual((await openAuthority(pki)).rootCertificate, before)
  assert.equal(run('next').status, 3)
})

test('a command that fails stops it there, and is run again', () => {
  write(['sh', '-c', 'echo the disk is full >&2; exit 1'])
  run('root')
  const failed = run('next', '--apply')
  assert.equal(failed.status, 8)
  assert.match(failed.stderr, /edge: "sh" failed: the disk is full/)
  assert.match(run('status').stdout, /edge +SIGHUP +not acknowledged/)
  assert.equal(run('abort').status, 0)
  for (const name of ['edge', 'ops']) run('ack', name)
  assert.equal(run('next').stdout, 'Left the root as it was\n')
})

test('wrong use ends with 2 and begins nothing', () => {
  const wrong: [string[], RegExp][] = [
    [['root', '--consumers', join(directory, 'none.json')], /not a file of consumers/],
    [['root', '--reissue', 'nobody'], /is no consumer/],
    [['intermediate', 'nothing'], /Allowed choices/],
    [['secret', 'turn'], /the store of the secrets/],
    [['root', '--overlap', '1'], /duration/],
  ]
  for (const [args, reason] of wrong) {
    const { status, stderr } = run(...args)
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr, reason)
  }
  writeFileSync(consumers, '[{"name":"a","files":{"trust":"ca.crt"}}]')
  assert.match(run('root').stderr, /consumer "a": files.trust: must be an absolute path/)
  assert.equal(run('status').status, 3)
})
