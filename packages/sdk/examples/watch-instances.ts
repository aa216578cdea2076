// Prints the Android systems of a server and each change of them, until Control-C.
//
//   AMS_SOCKET=/var/lib/anbox-edge/unix.socket npx node packages/sdk/examples/watch-instances.ts
import { AmsClient } from '@anbox/sdk'

const { AMS_SOCKET: socketPath } = process.env
if (!socketPath) throw new Error('AMS_SOCKET is not set')
await using ams = new AmsClient({ socketPath })

const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())

for await (const change of ams.instances.informer({ signal: interrupted.signal }))
  if (change.type !== 'synced') console.log(change.type, change.value.name, change.value.status)
