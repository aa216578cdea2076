import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { loadConfig, type Sources } from './config.ts'

const test = suite('configuration')
const directory = mkdtempSync(join(tmpdir(), 'config-'))
test.after(() => rmSync(directory, { recursive: true }))

const load = (yaml: string, more: Partial<Sources> = {}) => {
  const file = join(directory, 'config.yaml')
  writeFileSync(file, yaml)
  return loadConfig({ file, ...more })
}
const socket = 'lxd: { socket: /run/lxd.socket }\n'

test('flags win over the environment, which wins over the file', () => {
  const env = { ANBOX_EDGE_API_PORT: '2', ANBOX_EDGE_NODE_NAME: 'env' }
  const config = load(`${socket}api: { port: 1 }\nnode: { name: file, publicAddress: 10.0.0.1 }`, {
    env,
    flags: { 'node.name': 'flag' },
  })
  assert.equal(config.api.port, 2)
  assert.equal(config.node.name, 'flag')
  assert.equal(config.node.publicAddress, '10.0.0.1')
  assert.equal(config.bootCheck.expect, '1')
})

test('lists are lists in the file and separated by commas elsewhere', () => {
  assert.deepEqual(load(socket, { env: { ANBOX_EDGE_BOOT_CHECK_COMMAND: 'test,-e,/up' } }).bootCheck.command, [
    'test',
    '-e',
    '/up',
  ])
})

test('each mistake is named with its key; all of them at once', () => {
  assert.throws(
    () =>
      load(`${socket}api: { port: 70000, certificte: x }\nbootCheck: { timeoutSeconds: soon }\nlog: { level: loud }`),
    (error: Error) => {
      for (const part of [
        /unknown key "api.certificte"/,
        /api\.port: must be a whole number from 0 to 65535, not 70000/,
        /bootCheck\.timeoutSeconds/,
        /log\.level: must be one of/,
      ])
        assert.match(error.message, part)
      return true
    },
  )
})

test('files that are not there, half a key pair, and text that is no YAML are said', () => {
  assert.throws(() => load(`${socket}api: { certificate: /none.crt }`), /give both or none[\s\S]*no file at \/none.crt/)
  assert.throws(() => load('a: [', {}), /config\.yaml/)
  assert.throws(() => loadConfig({ file: join(directory, 'none.yaml') }), /none\.yaml.*ENOENT/)
})

test('an empty environment variable is not taken for a value', () => {
  assert.throws(
    () => load(socket, { env: { ANBOX_EDGE_LXD_PROJECT: '' } }),
    /ANBOX_EDGE_LXD_PROJECT: must not be empty/,
  )
})
