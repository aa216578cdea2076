// Takes a snapshot of an LXD instance, runs a command in the instance, and takes it back to what it was if that fails.
//
//   LXD_SOCKET=/var/lib/lxd/unix.socket npx node packages/sdk/examples/snapshot.ts INSTANCE COMMAND …
import { LxdClient } from '@anbox/sdk'

const [name, ...command] = process.argv.slice(2)
const { LXD_SOCKET: socketPath, LXD_PROJECT: project } = process.env
if (!name || command.length === 0 || !socketPath)
  throw new Error('usage: LXD_SOCKET=PATH snapshot.ts INSTANCE COMMAND …')
await using lxd = new LxdClient({ socketPath, project })

const snapshots = lxd.instances.snapshots(name)
const snapshot = `before-${Date.now()}`
await (await snapshots.create({ name: snapshot })).wait()
try {
  const { exitCode, stdout, stderr } = await lxd.instances.run(name, command)
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  if (exitCode !== 0) {
    await (await lxd.instances.update(name, { restore: snapshot })).wait()
    console.error(`the command ended with ${exitCode}: ${name} is as it was`)
  }
  process.exitCode = exitCode
} finally {
  await (await snapshots.delete(snapshot)).wait()
}
