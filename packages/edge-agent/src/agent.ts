// Puts the parts together, in the order in which they need each other, and takes them apart again.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LxdClient } from '@anbox/sdk'
import { ApiServer } from './api/server.ts'
import { Addons } from './catalogue/addons.ts'
import { Applications } from './catalogue/applications.ts'
import { Bootstrap } from './catalogue/bootstrap.ts'
import { Exporter } from './catalogue/export.ts'
import { Images } from './catalogue/images.ts'
import { Importer } from './catalogue/import.ts'
import { Packages } from './catalogue/packages.ts'
import { Publisher } from './catalogue/publish.ts'
import { Spool } from './catalogue/spool.ts'
import type { Config } from './config.ts'
import { ConfigurationError } from './errors.ts'
import { FailureLogs } from './host/failure-log.ts'
import { Host } from './host/host.ts'
import { Instances } from './host/instances.ts'
import { tellLifecycle } from './host/lifecycle.ts'
import { MachineWatch } from './host/machine.ts'
import { NodeSettings } from './host/node-settings.ts'
import { Projects } from './host/projects.ts'
import { SetUp } from './host/set-up.ts'
import { WarmPool } from './host/warm.ts'
import { Watchdog } from './host/watchdog.ts'
import { EventHub } from './operations/events.ts'
import { Operations } from './operations/operations.ts'
import { Attestation } from './patch/attestation.ts'
import { PatchClock } from './patch/clock.ts'
import { Patching } from './patch/engine.ts'
import { tellPatches } from './patch/events.ts'
import { FleetLock } from './patch/fleet-lock.ts'
import { HealthGate } from './patch/health.ts'
import { patchKindsOf } from './patch/kinds.ts'
import { readPolicy } from './patch/policy.ts'
import { Probe } from './patch/probe.ts'
import { Roller } from './patch/roll.ts'
import { readClocks } from './patch/time.ts'
import { Settings } from './store/settings.ts'
import { Store } from './store/store.ts'
import { runHere, runOnMachine } from './system/commands.ts'
import { call } from './system/http.ts'
import type { Logger } from './system/log.ts'
import { Notify } from './system/notify.ts'
import { Snapd } from './system/snapd.ts'
import { Enrolment } from './trust/enrolment.ts'
import { EventTokens } from './trust/event-tokens.ts'
import { TrustFiles } from './trust/files.ts'
import { Identities } from './trust/identities.ts'
import { Revocation } from './trust/revocation.ts'
import { TrustStore } from './trust/trust-store.ts'

export type Agent = {
  /** Reads certificates, CAs and revocation lists again now, rather than within a second. */
  reload(): void
  stop(): Promise<void>
}

/** @throws ConfigurationError. LXD being away is no error: the agent says so and waits for it. */
export async function startAgent(config: Config, log: Logger): Promise<Agent> {
  const notify = await Notify.open()
  const store = new Store(config.stateDirectory)
  const events = new EventHub()
  const settings = new Settings(store, config.api.certificate ? `${config.api.address}:${config.api.port}` : '')
  const files = new TrustFiles(config.api)
  const trust = new TrustStore(store, files)
  const revocation = new Revocation(trust)
  const enrolment = new Enrolment(config, log)
  const root = new LxdClient({ socketPath: config.lxd.socket })
  const machine = new MachineWatch(root, config.lxd.storagePool, log)
  const projects = new Projects(root, config, machine)
  const node = new NodeSettings(store)
  const logs = new FailureLogs(config.stateDirectory, projects)
  const operations = new Operations(store, events)
  tellLifecycle(store, events)
  tellPatches(store, events, log)
  const spool = new Spool(config.stateDirectory)
  const packages = new Packages(config.stateDirectory, spool)
  const images = new Images({ projects, store, operations, log })
  const addons = new Addons(store, operations, packages)
  const applications = new Applications({ store, operations, images, addons, packages, settings })
  const setUp = new SetUp({ projects, config, store, packages, securityUpdates: () => settings.securityUpdates() })
  const host = new Host({
    lxd: root,
    projects,
    config,
    store,
    logs,
    machine,
    log,
    setUp,
    cpuMode: () => settings.cpuMode(),
  })
  const nodeName = config.node.name
  const launching = { projects, images, applications, addons, machine, nodeName, nodeTags: () => node.values.tags }
  const bootMilliseconds = config.bootCheck.timeoutSeconds * 1000
  const warm = new WarmPool({ ...launching, config: config.warm, bootMilliseconds, store, host, node, log })
  const instances = new Instances({ ...launching, store, operations, node, host, warm })
  const bootstrap = new Bootstrap({
    ...{ projects, store, applications, images, addons, packages, instances, settings, log },
    wake: (id) => host.wake(id),
  })
  const watchdog = new Watchdog(projects, store, (id) => host.wake(id))
  const importer = new Importer({ lxd: projects.main, images, spool, settings, ...config.images })
  const policy = readPolicy(config)
  const probe = new Probe({ ...launching, store, host, node, bootMilliseconds })
  const snapd = new Snapd()
  const { socket: socketPath } = config.api
  const askApi = async (signal: AbortSignal) => {
    const { status } = await call({ socketPath, method: 'GET', path: '/1.0', signal })
    if (status !== 200) throw new Error(`GET /1.0 is answered with ${status}`)
  }
  const patching = new Patching({
    ...{ store, host, policy, log },
    kinds: patchKindsOf({
      ...{ store, images, applications, importer, operations, probe, policy, settings, snapd },
      run: runOnMachine,
      keep: join(config.stateDirectory, 'replaced-packages'),
      roller: new Roller(store, host, log),
    }),
    health: new HealthGate({ machine, store, probe, askApi }),
    lock: new FleetLock(config.patch, nodeName),
    clock: new PatchClock(Number(store.settings.get('patch.clock')?.value ?? 0)),
    read: readClocks,
    machine: nodeName,
  })
  const attestation = new Attestation({ config, store, patching, snapd, run: runHere })
  const identities = new Identities(store, trust, operations)

  const closing = new AbortController()
  const hosting = () => `hosting ${store.instances.list().length} Android systems`
  const tellStatus = () => notify.status(hosting())
  store.instances.onChange((after, before) => {
    if (!after || !before) tellStatus()
  })
  const prepare = async () => {
    await projects.ensure()
    await images.resume()
    closing.signal.throwIfAborted()
    host.start()
    bootstrap.start()
    warm.start()
    watchdog.start()
    tellStatus()
  }
  let preparing: Promise<void> | undefined
  const prepareLater = async () => {
    while (!closing.signal.aborted) {
      try {
        await machine.untilOnline(closing.signal)
        return await prepare()
      } catch (error) {
        if (closing.signal.aborted) return
        log.error({ error: (error as Error).message }, 'LXD cannot be used yet')
        await sleep(1000, undefined, { signal: closing.signal }).catch(() => {})
      }
    }
  }
  const later = () => {
    preparing = prepareLater()
  }
  let problem = ''
  const reload = () =>
    files.check(
      () => {
        trust.reload()
        problem = ''
        log.info('certificates and revocation lists were read again')
      },
      (error) => {
        // Looked at every second: said once.
        if (error.message !== problem)
          log.error({ error: error.message }, 'changed certificates cannot be used; those of before stay')
        problem = error.message
      },
    )
  const stop = async () => {
    files.close()
    await enrolment.stop()
    closing.abort(new Error('the agent is stopping'))
    notify.stopping()
    await server?.close()
    machine.close()
    operations.close()
    await images.stop()
    await preparing
    await patching.stop()
    warm.stop()
    watchdog.stop()
    await bootstrap.stop()
    await host.stop()
    await root.close()
    store.close()
    notify.close()
  }

  let server: ApiServer | undefined
  try {
    await machine.look()
    operations.resume()
    if (machine.online)
      await prepare().catch((error) => (error instanceof ConfigurationError ? Promise.reject(error) : later()))
    else later()
    server = await ApiServer.listen(config, {
      config,
      projects,
      instances,
      images,
      applications,
      addons,
      spool,
      exporter: new Exporter(packages),
      importer,
      patching,
      attestation,
      publisher: new Publisher(projects, instances, images, operations),
      identities,
      eventTokens: new EventTokens(),
      operations,
      events,
      machine,
      node,
      settings,
      settingsChanged: () => bootstrap.settingsChanged(),
      trust,
      revocation,
      enrolment,
      logs,
      log,
    })
  } catch (error) {
    await stop()
    throw error
  }
  files.watch(reload)
  enrolment.start()
  // An LXD that is away may be what a patch mends.
  probe.clear()
  patching.start()
  notify.ready(machine.online ? hosting() : `waiting for LXD: ${machine.reason}`)
  log.info(
    { socket: config.api.socket, https: settings.all()['core.https_address'], instances: instances.list().length },
    'the agent is ready',
  )
  return { reload, stop }
}
