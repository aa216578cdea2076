// The systemd unit: systemd takes it, and it starts the agent as the command starts itself.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { attempt } from '../../scripts/command.ts'
import { find } from '../../scripts/packages.ts'
import { root } from '../page.ts'

const test = suite('documentation: the systemd unit')
const agent = join(root, 'packages/edge-agent')
const unit = readFileSync(join(agent, 'systemd/anbox-edge.service'), 'utf8')
const installedNode = '/opt/anbox-edge/node_modules/.bin/node'

test('systemd has nothing to say against it', async () => {
  if (!find('systemd-analyze')) return console.log('\n  not checked: this machine has no systemd-analyze')
  const folder = mkdtempSync(join(tmpdir(), 'unit-'))
  try {
    const file = join(folder, 'anbox-edge.service')
    // systemd looks whether the program is there, and here it is not.
    writeFileSync(file, unit.replace(installedNode, process.execPath))
    const { code, stdout, stderr } = await attempt('systemd-analyze', ['verify', '--man=no', file])
    assert.deepEqual([stdout + stderr, code], ['', 0])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("it gives Node the options of the command's first line, and the agent's own exit code for a wrong configuration", () => {
  const [, options] = /^#!\/usr\/bin\/env -S node (.*)$/m.exec(readFileSync(join(agent, 'src/cli.ts'), 'utf8')) ?? []
  assert.ok(options)
  assert.ok(unit.includes(`ExecStart=${installedNode} ${options} `))
  assert.match(unit, /^RestartPreventExitStatus=78$/m)
})

test('it is packed with the package', () => {
  const { files } = JSON.parse(readFileSync(join(agent, 'package.json'), 'utf8')) as { files: string[] }
  assert.ok(files.includes('systemd'))
})
