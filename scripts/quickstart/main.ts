// `npm run quickstart`: from a fresh machine to Android systems that answer, one step after the other. Every step looks
// first at what is there, so a run may be repeated, and may be cut off anywhere.
import { SetupError } from '../errors.ts'
import { InterruptedError, interruption } from '../interrupt.ts'
import { ensurePackages, lxdPackages, type Package, standInPackages } from '../packages.ts'
import { type Ask, asker, becomeRoot } from '../terminal.ts'
import { tryAdb } from './adb.ts'
import { getAgent } from './agent.ts'
import { clean, stop } from './clean.ts'
import { elapsed, progress, say, table } from './display.ts'
import { getImage, uploadImage } from './image.ts'
import { getInstances, look, type Row } from './instances.ts'
import { getLxd } from './lxd.ts'
import { type Options, readOptions, usage } from './options.ts'
import { State } from './state.ts'
import { getTrust } from './trust.ts'

const command = 'npm run quickstart --'
const adbPackage: Package = { name: 'adb', command: 'adb', why: 'connects to the Android systems' }

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.do === 'help') return console.log(usage)
  const ask = asker(options.yes)
  await becomeRoot(ask, {
    why: 'LXD needs root.',
    command: `sudo -E ${command} ${process.argv.slice(2).join(' ')}`.trim(),
    yes: options.yes,
  })
  const signal = interruption(say)
  const state = new State()
  const release = state.claim()
  try {
    if (options.do === 'run') await host(state, options, ask, signal)
    else await { stop, clean }[options.do](state)
    if (options.do === 'stop') say(`stopped. \`${command}\` goes on, \`${command} --clean\` deletes it`)
    if (options.do === 'clean') say(`deleted ${state.folder} and all that ran from it`)
  } catch (error) {
    // What was cut off fails in its own words; why it was cut off says more.
    throw signal.aborted ? signal.reason : error
  } finally {
    release()
  }
}

async function host(state: State, options: Options, ask: Ask, signal: AbortSignal): Promise<void> {
  let rows: Row[] | undefined
  try {
    rows = await bringUp(state, options, ask, signal)
  } finally {
    if (options.once) {
      progress('deleting everything again (--once) …')
      await clean(state)
      say('nothing is left of it')
    } else if (!rows) say(`what is there stays for the next run; \`${command} --clean\` deletes it`)
  }
  signal.throwIfAborted()
  const seconds = Number(elapsed().toFixed(1))
  const instances = rows.map(({ id, status, lxd, address, bootCompleted, bootSeconds }) => ({
    id,
    status,
    lxd,
    address,
    bootCompleted,
    bootSeconds,
  }))
  if (options.json) console.log(JSON.stringify({ instances, seconds }))
}

async function bringUp(state: State, options: Options, ask: Ask, signal: AbortSignal): Promise<Row[]> {
  const needed = [
    ...(options.hostLxd === undefined ? lxdPackages : []),
    adbPackage,
    ...(options.image === undefined ? standInPackages : []),
  ]
  await ensurePackages(needed, { ask, log: say, signal })
  const lxd = await getLxd(state, options.hostLxd, { log: say, signal })
  const image = await getImage(state, options.image, signal)
  say(
    image.standIn
      ? 'the image is a stand-in for Android, not Android; --image FILE takes a real one'
      : `the image is ${image.path}`,
  )
  const trust = await getTrust(state, progress, signal)
  const agent = await getAgent(state, lxd, trust, { port: options.port, signal, log: say })
  await using client = agent.client
  const { id, uploaded } = await uploadImage(client, image, signal)
  say(uploaded ? `the agent has the image ${image.name}` : `the agent has the image ${image.name} already`)
  const ids = await getInstances(client, { count: options.instances, image: id, standIn: image.standIn, signal })
  const rows = await look(client, lxd, ids, signal)
  const versions = await tryAdb(
    state,
    rows.map(({ adb }) => adb),
    signal,
  )
  report(rows, versions, options, { state, lxd: lxd.socketPath, url: agent.url, project: lxd.project })
  return rows
}

function report(
  rows: Row[],
  versions: string[],
  options: Options,
  where: { state: State; lxd: string; url: string; project: string },
): void {
  const head = ['instance', 'status', 'LXD instance', 'address', 'booted in', 'Android', 'adb', 'adb says']
  const cells = rows.map((row, index) => [
    row.id,
    row.status,
    row.lxd,
    row.address,
    row.bootSeconds === null ? '?' : `${row.bootSeconds.toFixed(1)} s`,
    row.release,
    row.adb,
    versions[index] ?? '',
  ])
  const [first] = rows
  const next = options.once
    ? []
    : [
        '',
        'How to go on:',
        `  adb connect ${first?.adb} && adb -s ${first?.adb} shell`,
        `  LXD_DIR=${where.lxd.replace(/\/unix\.socket$/, '')} lxc exec --project ${where.project} ${first?.lxd} -- sh`,
        `  the API: ${where.url}, with the certificate in ${where.state.path('certificates/client')}`,
        `  the agent's log: ${where.state.path('agent.log')}`,
        `  ${command} --stop    stop everything and keep it`,
        `  ${command} --clean   stop everything and delete it`,
      ]
  const text = [table([head, ...cells]), ...next].join('\n')
  progress('')
  if (options.json) console.error(text)
  else console.log(text)
}

try {
  await main()
} catch (error) {
  const expected = error instanceof SetupError || error instanceof InterruptedError
  say(`quickstart: ${expected || !process.env.ANBOX_DEBUG ? (error as Error).message : (error as Error).stack}`)
  process.exitCode = error instanceof InterruptedError ? error.code : 1
}
