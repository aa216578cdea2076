// A process that changes secrets without a pause is killed at a random moment; what it said was done must be there.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { openSecretStore } from './store.ts'

const test = suite('SIGKILL while secrets change', { timeout: 120_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-secrets-kill-'))
test.after(() => rmSync(base, { recursive: true }))
const kills = 12
const [directory, file] = [join(base, 'store'), join(base, 'key', 'key')]

const worker = join(base, 'worker.mjs')
writeFileSync(
  worker,
  `import { openSecretStore } from ${JSON.stringify(join(import.meta.dirname, 'store.ts'))}
   const store = await openSecretStore(${JSON.stringify(directory)}, { key: { file: ${JSON.stringify(file)} } })
   const names = ['a', 'b', 'c']
   for (const name of names) try { store.create('o', name, { generate: { bytes: 1024 } }) } catch {}
   process.send('ready')
   for (let round = 0; ; round += 1) for (const name of names) {
     const { revision } = store.rotate(name, { overlapSeconds: 60 })
     const value = store.get(name, { as: 'o' }).value.reveal()
     await new Promise((sent) => process.send({ name, revision, value }, sent))
   }`,
)

test('every change that was answered is there, and the store opens', async () => {
  const said = new Map<string, { revision: number; value: string }>()
  for (let round = 0; round < kills; round += 1) {
    const child = fork(worker, { execArgv: ['--disable-warning=ExperimentalWarning'] })
    await once(child, 'message')
    child.on('message', ({ name, revision, value }: { name: string; revision: number; value: string }) =>
      said.set(name, { revision, value }),
    )
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 180))
    child.kill('SIGKILL')
    await once(child, 'close')
    using store = await openSecretStore(directory, { key: { file } })
    for (const [name, { revision, value }] of said) {
      const found = store.get(name, { as: 'o' })
      const kept = [found, ...found.also].find((one) => one.revision === revision)
      assert.equal(kept?.value.reveal(), value, `${name} revision ${revision}, found ${found.revision}`)
    }
  }
  assert.equal(said.size, 3)
})
