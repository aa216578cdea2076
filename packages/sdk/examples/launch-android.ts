// Launches an Android system, runs a command in it, prints what it said, and deletes it.
//
//   AMS_SOCKET=/var/lib/anbox-edge/unix.socket npx node packages/sdk/examples/launch-android.ts IMAGE [COMMAND …]
//
// In place of AMS_SOCKET: AMS_URL, and AMS_CERTIFICATE, AMS_KEY and AMS_CA, names of PEM files.
import { readFileSync } from 'node:fs'
import { AmsClient } from '@anbox/sdk'

const [image, ...given] = process.argv.slice(2)
if (!image) throw new Error('usage: launch-android.ts IMAGE [COMMAND …]')
const command = given.length > 0 ? given : ['getprop', 'ro.build.version.release']

const { AMS_SOCKET: socketPath, AMS_URL: url = '' } = process.env
const pem = (name: string) => readFileSync(process.env[name] ?? '', 'utf8')
await using ams = new AmsClient(
  socketPath ? { socketPath } : { url, certificate: pem('AMS_CERTIFICATE'), key: pem('AMS_KEY'), ca: pem('AMS_CA') },
)

// Control-C ends the wait; what was launched is deleted all the same.
const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort(new Error('interrupted')))

const launching = await ams.instances.launch({
  image_id: image,
  resources: { cpus: 1, memory: '512MB', disk_size: '1GB' },
})
const id = launching.resource('instances') ?? ''
try {
  await launching.wait({ signal: interrupted.signal, deadline: 300_000 })
  const { exitCode, stdout } = await ams.instances.run(id, command, { signal: interrupted.signal })
  process.stdout.write(stdout)
  process.exitCode = exitCode
} finally {
  await (await ams.instances.delete(id, { force: true })).wait()
}
