// The SDK's examples, run as a reader runs them.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { Edge, small } from './edge.ts'
import { Guest } from './sdk-guest.ts'

const test = suite('examples of the SDK', { timeout: 60_000 })

type Running = { said: { stdout: string }; interrupt: () => void }

async function example(
  name: string,
  args: string[],
  env: Record<string, string>,
  act?: (child: Running) => Promise<void>,
) {
  const file = join(import.meta.dirname, '../../packages/sdk/examples', name)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...args], {
    env: { ...process.env, ...env },
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  const ended = once(child, 'close')
  const acting = act?.({ said, interrupt: () => child.kill('SIGINT') })
  const [code] = await ended
  await acting
  return { code, ...said }
}

test('launch-android.ts runs a command in a system and leaves nothing; watch-instances.ts tells of it', async () => {
  await using edge = await Edge.start()
  await edge.upload()
  const env = { AMS_SOCKET: edge.path('state/unix.socket') }
  const watched = await example('watch-instances.ts', [], env, async ({ said, interrupt }) => {
    const { code, stdout, stderr } = await example(
      'launch-android.ts',
      ['standin', 'sh', '-c', 'echo hello; exit 3'],
      env,
    )
    assert.deepEqual([code, stdout], [3, 'hello\n'], stderr)
    assert.deepEqual(await edge.ams.instances.list(), [])
    await (
      await edge.ams.instances.launch({ name: 'last', image_id: 'standin', resources: small, no_start: true })
    ).wait()
    while (!said.stdout.includes('added last')) await sleep(20)
    await (await edge.ams.instances.delete('last')).wait()
    while (!said.stdout.includes('removed last')) await sleep(20)
    interrupt()
  })
  assert.deepEqual([watched.code, watched.stderr], [0, ''])
})

test('snapshot.ts keeps what succeeds and takes back what fails', async () => {
  await using guest = await new Guest().start()
  const env = { LXD_SOCKET: guest.socketPath, LXD_PROJECT: guest.project }
  const kept = await example('snapshot.ts', [guest.name, 'sh', '-c', 'echo kept > /data/kept'], env)
  assert.equal(kept.code, 0, kept.stderr)
  const failed = await example('snapshot.ts', [guest.name, 'sh', '-c', 'rm /data/kept; exit 4'], env)
  assert.deepEqual([failed.code, failed.stderr], [4, `the command ended with 4: ${guest.name} is as it was\n`])
  assert.equal((await guest.lxd.instances.files.stat(guest.name, '/data/kept')).type, 'file')
  assert.deepEqual(await guest.lxd.instances.snapshots(guest.name).list(), [])
})
