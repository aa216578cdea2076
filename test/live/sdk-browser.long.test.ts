// The browser build of the gateway's client: its modules need nothing of Node, and in a real browser, headless Chromium, it
// makes a session, speaks through its signalling socket, and ends it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { text } from 'node:stream/consumers'
import { suite } from '@anbox/harness'
import { decodeViewerSignal, encodeSignal } from '@anbox/sdk/gateway'
import { StandInGateway, type StandInOptions } from '../../packages/sdk/test/gateway/stand-in.ts'
import { buildPackages } from '../../scripts/build.ts'

const test = suite('the SDK in a browser', { timeout: 90_000 })
const dist = join(import.meta.dirname, '../../packages/sdk/dist')

test.before(() => buildPackages().then(() => {}), { timeout: 120_000 })

test('its modules import each other, and nothing of Node or of npm', () => {
  const seen = new Set<string>()
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    const code = readFileSync(file, 'utf8')
    for (const [, target = ''] of code.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      assert.match(target, /^\.\.?\//, `${file} imports ${target}`)
      visit(normalize(join(file, '..', target)))
    }
    assert.doesNotMatch(code, /\b(process|Buffer|require)\b(?!['":])\s*[.(]/, file)
  }
  visit(join(dist, 'gateway/browser.js'))
  assert.ok(seen.size > 5)
})

const page = `<!doctype html><meta charset="utf-8"><title>page</title><script type="module">
import { GatewayClient, NotFoundError, settings } from '/sdk/gateway/browser.js'
const result = {}
try {
  const token = await (await fetch('/token')).text()
  const gateway = new GatewayClient({ url: location.origin, token })
  result.applications = await gateway.service.applications()
  const session = await gateway.sessions.create({ app: 'calculator', joinable: true })
  result.listed = (await gateway.sessions.list()).length
  const signalling = await session.signalling()
  signalling.send({ type: 'discover' })
  result.signals = []
  for await (const signal of signalling) {
    result.signals.push(signal)
    if (signal.type === 'resp:discover') signalling.send(settings())
    if (signal.type === 'offer') signalling.close()
  }
  const connector = session.toConnector()
  await connector.connect()
  result.rejoined = (await connector.connect()).stunServers.length
  result.missing = await gateway.sessions.get('nobody').catch((error) => error instanceof NotFoundError)
  result.aborted = await gateway.service.regions({ signal: AbortSignal.abort(new Error('no')) }).catch((error) => error.message)
  await session.delete()
  result.left = (await gateway.sessions.list()).length
  await gateway.close()
  result.closed = await gateway.service.regions().catch((error) => error.code)
} catch (error) {
  result.error = String(error?.stack ?? error)
}
await fetch('/result', { method: 'POST', body: JSON.stringify(result) })
</script>`

test('in headless Chromium: sessions, signalling, errors, aborts', async () => {
  const viewer: StandInOptions['viewer'] = (socket) => {
    socket.on('message', (data) => {
      const { type } = decodeViewerSignal(String(data))
      if (type === 'discover') socket.send(encodeSignal({ type: 'resp:discover', max_api_version: 2 }))
      if (type === 'settings') socket.send(encodeSignal({ type: 'offer', sdp: 'v=0 ü' }))
    })
  }
  const said = Promise.withResolvers<Record<string, unknown>>()
  const other = async (asked: IncomingMessage, answer: ServerResponse) => {
    const path = asked.url ?? ''
    const file = join(dist, normalize(path.replace('/sdk/', '/')))
    if (path === '/result') said.resolve(JSON.parse(await text(asked)) as Record<string, unknown>)
    if (path === '/') answer.writeHead(200, { 'content-type': 'text/html' }).end(page)
    else if (path === '/token') answer.end(gateway.token())
    else if (path.startsWith('/sdk/') && existsSync(file))
      answer.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(file))
    else answer.writeHead(204).end()
  }
  await using gateway = await StandInGateway.start({ viewer, other })
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
  const flags = ['headless', 'no-sandbox', 'disable-gpu', 'disable-quic', 'no-first-run', 'disable-component-update']
  const quiet = ['disable-background-networking', 'disable-sync', 'ignore-certificate-errors']
  const args = [...flags, ...quiet, `user-data-dir=${profile}`].map((flag) => `--${flag}`)
  const browser = spawn('chromium', [...args, gateway.url], { stdio: 'ignore', detached: true })
  const gone = new Promise<void>((resolve) => browser.once('close', () => resolve()))
  browser.once('error', said.reject)
  try {
    assert.deepEqual(await said.promise, {
      applications: ['calculator'],
      listed: 1,
      signals: [
        { type: 'resp:discover', max_api_version: 2 },
        { type: 'offer', sdp: 'v=0 ü' },
      ],
      rejoined: 1,
      missing: true,
      aborted: 'no',
      left: 0,
      closed: 'closed',
    })
  } finally {
    // The whole group: a browser is many processes.
    if (browser.pid) process.kill(-browser.pid, 'SIGKILL')
    await gone
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
})
