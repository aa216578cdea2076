import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { pendingUpdates } from './guest-updates.ts'

const test = suite('security updates of a guest')

test('only upgrades that a security archive offers are taken, with both versions', () => {
  const text = `Inst libssl3 [3.0.13-1] (3.0.14-1~deb12u1 Debian-Security:12/stable-security [amd64])
Inst base-files [12.4] (12.4+deb12u9 Debian:12.9/stable [amd64])
Inst bash [5.1-6ubuntu1] (5.1-6ubuntu1.1 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [arm64]) []
Inst new-one (1.0 Debian-Security:12/stable-security [amd64])
Conf libssl3 (3.0.14-1~deb12u1 Debian-Security:12/stable-security [amd64])
`
  assert.deepEqual(pendingUpdates(text), [
    { name: 'libssl3', from: '3.0.13-1', to: '3.0.14-1~deb12u1' },
    { name: 'bash', from: '5.1-6ubuntu1', to: '5.1-6ubuntu1.1' },
  ])
  assert.deepEqual(pendingUpdates('none\n'), [])
})
