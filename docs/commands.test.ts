// What the pages tell a reader to type is typed here, block by block: a quickstart is brought up in a checkout of its own,
// the pages are gone through one after the other, and the last one cleans up.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { createAuthority } from '@anbox/pki'
import { parse } from 'yaml'
import { attempt, run } from '../scripts/command.ts'
import { freePort } from '../test/live/edge.ts'
import { type Block, readPage, root } from './page.ts'

const test = suite('documentation: commands', { timeout: 70_000 })
/** The checkout of a reader who has run the quickstart; the sources in it are this checkout's. */
const checkout = mkdtempSync(join(tmpdir(), 'docs-'))
const state = join(checkout, '.anbox')
/** The port that the pages name, and the one that the quickstart found free. */
const namedPort = '8444'
let port = namedPort
let env: NodeJS.ProcessEnv

type Configuration = { api: { port: number }; lxd: { socket: string; network: string } }

test.before(
  async () => {
    for (const name of readdirSync(root))
      if (!['.anbox', '.git', '.test'].includes(name)) symlinkSync(join(root, name), join(checkout, name))
    mkdirSync(state, { mode: 0o700 })
    // The quickstart takes what is there; its own keys, RSA 4096, take long.
    await createAuthority(join(state, 'pki'), { key: 'ecdsa-p256' })
    env = {
      ...process.env,
      // A reader's own: `npx` has to find the checkout's Node by itself.
      PATH: process.env.PATH?.split(':')
        .filter((folder) => !folder.includes('node_modules'))
        .join(':'),
      ANBOX_QUICKSTART_DIR: state,
      HOME: checkout,
      ANDROID_ADB_SERVER_PORT: String(await freePort()),
    }
    await run('npm', ['run', 'quickstart'], { cwd: checkout, env })
    const { api, lxd } = parse(readFileSync(join(state, 'agent.yaml'), 'utf8')) as Configuration
    port = String(api.port)
    // The pages configure an agent for the machine's own LXD. Ours gets the quickstart's, and what is set here wins.
    Object.assign(env, {
      ANBOX_EDGE_LXD_SOCKET: lxd.socket,
      ANBOX_EDGE_LXD_NETWORK: lxd.network,
      ANBOX_EDGE_LXD_PROJECT: 'documentation',
      ANBOX_EDGE_API_PORT: String(await freePort()),
      LXD_DIR: join(lxd.socket, '..'),
    })
  },
  { timeout: 180_000 },
)
test.after(
  async () => {
    await attempt('adb', ['kill-server'], { env })
    await run('npm', ['run', 'quickstart', '--', '--clean'], { cwd: checkout, env })
    rmSync(checkout, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

for (const file of [
  'README.md',
  'docs/how-to/call-the-api-with-curl.md',
  'docs/how-to/use-adb.md',
  'docs/how-to/find-out-why-an-instance-failed.md',
  'docs/how-to/launch-with-limits.md',
  'docs/how-to/upload-an-image.md',
  'docs/how-to/make-an-application.md',
  'docs/how-to/run-commands.md',
  'docs/how-to/watch-events.md',
  'docs/how-to/run-the-agent.md',
  'docs/tutorial/first-android.md',
])
  test(`${file}: what it says works`, async () => {
    const { blocks } = readPage(file)
    const commands = blocks.filter(({ mark }) => mark === 'run')
    assert.ok(commands.length > 0)
    for (const { mark, text } of blocks)
      if (mark.startsWith('file: ')) writeFileSync(join(checkout, mark.slice(6)), here(text))
    // One shell for all of a page: later blocks use what earlier ones set.
    const script = commands.map(({ line, text }) => `printf '\\n== ${line}\\n'\n${here(text)}`).join('\n')
    // coreutils' timeout ends what the page started in the background too.
    const { code, stdout } = await attempt('timeout', ['60', 'sh', '-eu', '-c', `exec 2>&1\n${script}`], {
      cwd: checkout,
      env,
    })
    const outputs = new Map(
      stdout.split(/^== /m).map((part) => [Number.parseInt(part, 10), part.replace(/^\d+\n/, '')] as const),
    )
    assert.equal(code, 0, `${file}:${[...outputs.keys()].at(-1)}\n${[...outputs.values()].at(-1)}`)
    let before: Block | undefined
    for (const block of blocks) {
      if (block.mark === 'run') before = block
      if (block.mark === 'prints')
        assertPrints(`${file}:${block.line}`, outputs.get(before?.line ?? 0) ?? '', block.text)
    }
  })

const here = (text: string) => text.replaceAll(`127.0.0.1:${namedPort}`, `127.0.0.1:${port}`)

/** Each line has to come, in order; `…` stands for anything. */
function assertPrints(where: string, output: string, expected: string): void {
  let rest = output
  for (const line of here(expected).split('\n').filter(Boolean)) {
    const found = new RegExp(line.split('…').map(escaped).join('.*')).exec(rest)
    assert.ok(found, `${where}: not printed: ${line}\n${output}`)
    rest = rest.slice(found.index + found[0].length)
  }
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
