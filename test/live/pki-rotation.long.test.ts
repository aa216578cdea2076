// Rotations of every kind across real servers, with clients that never stop asking: aborted and resumed at every phase,
// their processes killed at random moments. And the same without care, to see that the clients would notice.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { Trial } from './rotation/trial.ts'

const test = suite('rotations across real servers', { timeout: 900_000 })

async function tried(name: string, body: (trial: Trial) => Promise<void>): Promise<void> {
  await using trial = await Trial.start()
  await body(trial)
  const table = await trial.judge()
  console.log(`\n${name}\n${table}\n`)
  assert.deepEqual(trial.failures, [])
}

test('the root, aborted at every phase and begun again, aborted and resumed at every phase', async () => {
  await tried('root', async (trial) => {
    for (const stage of ['prepare', 'distribute', 'switch', 'reissue', 'drop']) {
      let step = await trial.begin('root', '--reissue', 'all')
      if (step.stage !== stage) step = await trial.until(stage)
      step = await trial.go('abort')
      while (!step.ended) step = await trial.go('next')
      assert.equal(step.ended, 'aborted')
    }
    await trial.begin('root', '--reissue', 'all')
    for (const stage of ['distribute', 'switch', 'reissue', 'drop']) {
      assert.equal((await trial.go('next')).stage, stage)
      await trial.go('abort')
      assert.equal((await trial.go('resume')).stage, stage)
    }
    assert.equal((await trial.until('finish')).ended, 'finished')
  })
})

test('the root, its process killed 40 times', async () => {
  await tried('root, killed', async (trial) => {
    for (let round = 0; trial.kills < 40; round += 1) {
      await trial.begin('root', ...(round % 2 === 0 ? ['--reissue', 'all'] : []))
      await trial.killedUntilEnd(20)
    }
  })
})

for (const words of [
  ['intermediate', 'control', '--revoke'],
  ['intermediate', 'etcd'],
  ['intermediate', 'messaging'],
  ['leaf', 'ops'],
  ['leaf', 'etcd'],
  ['leaf', 'lxd'],
])
  test(`${words.join(' ')}, with an abort, a kill and a resumption`, async () => {
    await tried(words.join(' '), async (trial) => {
      await trial.begin(...words)
      await trial.until('switch')
      await trial.go('abort')
      await trial.go('resume')
      await trial.killedUntilEnd(3)
    })
  })

test('the same in haste, with nobody told, is noticed by the clients', async () => {
  await using trial = await Trial.start()
  await trial.begin('root')
  const everybody = ['ops', 'edge', 'lxd', 'store', 'etcd', 'bus', 'nats'].flatMap((name) => ['--force', name])
  let step = await trial.operator.rotate('next', ...everybody)
  while (!step.ended) step = await trial.operator.rotate('next', ...everybody)
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  await trial.judge()
  // The agent read its files by itself and knows the new root only; its clients, whom nobody told, show the old chain.
  assert.deepEqual([...new Set(trial.failures.map(({ service }) => service))], ['edge'])
})
