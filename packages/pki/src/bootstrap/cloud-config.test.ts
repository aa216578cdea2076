// User data and seeds, read back by others: a parser of YAML, and mtools.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { parse } from 'yaml'
import { createAuthority } from '../authority/create.ts'
import { CredentialExistsError, InvalidRequestError } from '../errors.ts'
import { metaData, userData } from './cloud-config.ts'
import { type PlanRequest, planBootstrap } from './plan.ts'
import { scrub } from './scrub.ts'
import { writeSeedDirectory, writeSeedImage } from './seed.ts'

const test = suite('cloud-init', { timeout: 30_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-cloud-init-'))
test.after(() => rmSync(base, { recursive: true }))
const token = `anbox-join-${'A'.repeat(43)}`
const sshKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl somebody@somewhere'
let root: string

test.before(async () => {
  root = (await createAuthority(join(base, 'pki'), { key: 'ecdsa-p256' })).rootCertificate
})

const request = (more: Partial<PlanRequest> = {}): PlanRequest => ({
  machine: 'edge1',
  url: 'https://pki.example:8443/',
  root,
  ...more,
})
type Parsed = {
  write_files: { path: string; permissions: string; content: string }[]
  runcmd: string[][]
  ssh_authorized_keys?: string[]
}
test('the user data says what to write, octet for octet, and what to start', () => {
  const agentConfig = 'api:\n\n  port: 8444 # größer\n\tnode: "x"\n'
  const plan = planBootstrap(request({ agentConfig, authorizedKeys: [`# mine\n${sshKey}\n`], userCas: [sshKey] }))
  const text = userData(plan, token)
  assert.match(text, /^#cloud-config\n[\n -~]*$/)
  const { write_files: files, runcmd, ssh_authorized_keys } = parse(text) as Parsed
  const at = (path: string) => files.find((file) => file.path === path)
  assert.equal(at('/etc/anbox-edge/bootstrap/root.crt')?.content, root)
  assert.deepEqual(
    [at('/etc/anbox-edge/bootstrap/token')?.content, at('/etc/anbox-edge/bootstrap/token')?.permissions],
    [`${token}\n`, '0600'],
  )
  assert.equal(at('/etc/anbox-edge/config.yaml')?.content, agentConfig)
  assert.equal(JSON.parse(at('/etc/anbox-edge/bootstrap/enrol.json')?.content ?? '').url, 'https://pki.example:8443')
  assert.equal(at('/etc/ssh/sshd_config.d/60-anbox.conf')?.content, 'TrustedUserCAKeys /etc/ssh/anbox_user_cas\n')
  assert.deepEqual(ssh_authorized_keys, [sshKey])
  assert.deepEqual(runcmd.at(-1), ['systemctl', 'start', '--no-block', 'anbox-bootstrap.service'])
  assert.deepEqual(
    files.filter(({ content }) => content.includes(token)).map(({ path }) => path),
    ['/etc/anbox-edge/bootstrap/token'],
  )
})

test('there is never a private key in it', () => {
  const { privateKey } = {
    privateKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----',
  }
  for (const more of [{ authorizedKeys: [privateKey] }, { userCas: [privateKey] }, { hostCas: [privateKey] }])
    assert.throws(() => planBootstrap(request(more)), InvalidRequestError)
  assert.doesNotMatch(userData(planBootstrap(request()), token), /PRIVATE KEY/)
})

test('what cannot be is refused', () => {
  for (const more of [
    { machine: '../x' },
    { url: 'http://pki.example' },
    { url: 'https://user:secret@pki.example' },
    { into: 'relative' },
  ])
    assert.throws(() => planBootstrap(request(more)), InvalidRequestError)
})

test('a seed directory is closed to others', async () => {
  const directory = join(base, 'seed')
  const seed = { userData: userData(planBootstrap(request()), token), metaData: metaData('edge_1', 'id') }
  await writeSeedDirectory(directory, seed)
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  assert.equal(statSync(join(directory, 'user-data')).mode & 0o777, 0o600)
  assert.equal(readFileSync(join(directory, 'user-data'), 'utf8'), seed.userData)
  assert.match(
    readFileSync(join(directory, 'meta-data'), 'utf8'),
    /^instance-id: "anbox-edge_1-id"\nlocal-hostname: "edge-1"\n$/,
  )
})

test('a seed image has the label and the files, and the token can be taken out of it', async () => {
  const image = join(base, 'seed.img')
  const seed = {
    userData: userData(planBootstrap(request()), token),
    metaData: metaData('edge1', 'id'),
    networkConfig: 'version: 2\n',
  }
  await writeSeedImage(image, seed)
  assert.equal(statSync(image).mode & 0o777, 0o600)
  const read = (name: string) => execFileSync('mcopy', ['-i', image, `::${name}`, '-'], { encoding: 'utf8' })
  assert.deepEqual(
    [read('user-data'), read('meta-data'), read('network-config')],
    [seed.userData, seed.metaData, seed.networkConfig],
  )
  assert.match(execFileSync('blkid', ['-p', image], { encoding: 'utf8' }), /LABEL="CIDATA".* TYPE="vfat"/)
  await assert.rejects(writeSeedImage(image, seed), CredentialExistsError)
  await scrub(token, [image])
  assert.ok(!readFileSync(image).includes(token))
  assert.equal(read('user-data'), seed.userData.replace(token, 'x'.repeat(token.length)))
})
