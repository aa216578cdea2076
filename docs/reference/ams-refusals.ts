// What the agent refuses of operations that it serves otherwise: each with a request that proves it, and remarks about
// what no status shows.

export type Asked = { body?: unknown; upload?: Buffer; headers?: Record<string, string> }
/** A request that is answered 501. */
export type Refusal = Asked & { what: string }

const gzip = Buffer.from([0x1f, 0x8b, 0, 0, 0, 0])
const octets = { 'content-type': 'application/octet-stream' }
const launch = (what: string, body: object): Refusal => ({ what, body: { image_id: 'nothing', ...body } })

/** Where an empty request says nothing about whether the operation is served. */
export const probes: Record<string, Asked> = { image_post_import: { upload: gzip, headers: octets } }

export const refusals: Record<string, Refusal[]> = {
  config_patch: [{ what: "AMS's other configuration items", body: { name: 'scheduler.strategy', value: 'spread' } }],
  instances_post: [
    launch('virtual machines', { type: 'vm' }),
    launch('streaming', { config: { enable_streaming: true } }),
    launch('`config.platform` but `null`', { config: { platform: 'webrtc' } }),
    launch('`config.metrics_server`', { config: { metrics_server: 'influxdb:192.0.2.1' } }),
    launch('a GPU type that the machine has not', { resources: { 'gpu-type': 'nvidia' } }),
    launch('VPU slots', { resources: { 'vpu-slots': 1 } }),
  ],
  image_post_import: [
    { what: 'image servers, until one is configured as `images.url`', body: { name: 'image', path: 'remote' } },
    {
      what: 'images of virtual machines',
      upload: gzip,
      headers: { ...octets, 'x-ams-request': JSON.stringify({ name: 'image', type: 'vm' }) },
    },
  ],
  node_patch: [{ what: 'the subnet', body: { subnet: '192.0.2.0/24' } }],
}

/** What is served, but not quite as AMS serves it. */
export const remarks: Record<string, string> = {
  tasks_get: 'what is under way: instances not yet where they should be, versions being bootstrapped',
  events_get: '`logging` has no events',
  instances_post:
    '`config.devmode`, `features` and `display` need an image that says it reads them (property `anbox.session`), addons one that waits for them (`anbox.hold`)',
  instances_delete: 'all of them or, when one is protected or unknown, none',
  instance_patch: '`If-Match` is not looked at',
  image_patch_upload: '`If-Match` is not looked at',
  node_patch: '`If-Match` is not looked at',
  nodes_get: 'this machine',
  instance_logs_get: '`console.log`, `container.log` and `android.log`, as far as the guest has them',
}
