// Requests that were right once, with something wrong in them.

export type Wanted = { method: string; path: string; headers: Record<string, string>; body?: Uint8Array }
type Random = () => number

const odd: unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    -(2 ** 63),
    '',
    ' ',
    '\0',
    '../../etc/passwd',
    '\ud800',
    '😀'.repeat(50),
  ],
  ...['x'.repeat(100_000), [], {}, [[]], { length: -1 }, { __proto__: null, toString: 1 }, ['a', 1, null]],
  ...['$(reboot)', "'; DROP TABLE instances; --", '%s%n', '{{7*7}}', 'constructor', '-rf', 'a/b', '.', '..'],
]

const bodies: [string, string, unknown][] = [
  [
    'POST',
    '/1.0/instances',
    {
      name: 'one',
      image_id: 'standin',
      resources: { cpus: 1, memory: 134217728, disk_size: 268435456 },
      services: [{ name: 'adb', port: 5559, protocols: ['tcp'], expose: false }],
      tags: ['a'],
      user_data: 'x',
      addons: ['noter'],
      config: {
        platform: 'null',
        display: { width: 1, height: 1, fps: 1, density: 1 },
        security: { delete_protected: true },
      },
      source: { type: '', id: '' },
      no_start: true,
    },
  ],
  ['POST', '/1.0/containers', { image_id: 'standin', cpus: 1, memory: 134217728, instance_type: 'a2.3' }],
  ['PATCH', '/1.0/instances/one', { desired_status: 'running', config: { security: { delete_protected: false } } }],
  ['DELETE', '/1.0/instances', { ids: ['nothing'], force: true }],
  [
    'POST',
    '/1.0/instances/one/exec',
    { command: ['true'], environment: { A: 'b' }, interactive: true, width: 80, height: 24 },
  ],
  ['PATCH', '/1.0/config', { name: 'application.addons', value: 'none' }],
  [
    'PATCH',
    '/1.0/nodes/box',
    { tags: ['x'], memory: '16GB', cpu_allocation_rate: 2, unschedulable: true, gpus: [{ id: 0, slots: 1 }] },
  ],
  [
    'POST',
    '/1.0/images',
    {
      name: 'other',
      path: 'a@b',
      default: false,
      type: 'container',
      source: { type: 'instance', instance: 'one', force: true },
    },
  ],
  ['PATCH', '/1.0/images/standin', { default: true, force_sync: false }],
  [
    'PATCH',
    '/1.0/applications/app',
    {
      tags: ['x'],
      image: 'standin',
      resources: { cpus: 1, memory: '1GB' },
      watchdog: { disabled: true, 'allowed-packages': ['*'] },
      hooks: { timeout: '5m' },
      services: [],
    },
  ],
  ['PATCH', '/1.0/applications/app/0', { published: true }],
  ['POST', '/1.0/certificates', { certificate: 'MIIB', 'trust-password': 'x' }],
  ['POST', '/1.0/auth/identities', { authentication_method: 'tls', name: 'a', certificate: 'MIIB', email: 'x' }],
  ['PUT', '/1.0/auth/groups/ops', { description: 'x', permissions: [{ entitlement: 'a', resource: 'b' }] }],
]
const reads = [
  '/1.0',
  '/1.0/instances?recursion=1&limit=5&offset=1&status=running&tags=a,b',
  '/1.0/images/standin?type=container',
  '/1.0/applications?name=a*&published=true',
  '/1.0/operations/x/wait?timeout=0',
  '/1.0/instances/one/logs/console.log',
  '/1.0/applications/app/0/manifest',
  '/1.0/metrics',
  '/1.0/events?type=all',
  '/1.0/operations/x/websocket?secret=y',
]

/** One request with something wrong in it; now and then it is still right. */
export function mutated(random: Random): Wanted {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  if (random() < 0.2)
    return {
      method: pick(['GET', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'PATCH']),
      path: brokenPath(pick(reads), random),
      headers: {},
    }
  const [method, path, body] = pick(bodies)
  const json = JSON.stringify(mutatedValue(structuredClone(body), random))
  return {
    method,
    path: random() < 0.1 ? brokenPath(path, random) : path,
    headers: random() < 0.05 ? { 'x-ams-request': brokenText('{"name":"x"}', random), 'x-ams-fingerprint': 'zz' } : {},
    body: random() < 0.3 ? brokenBytes(Buffer.from(json), random) : Buffer.from(json),
  }

  function mutatedValue(value: unknown, next: Random): unknown {
    if (typeof value !== 'object' || value === null || next() < 0.1) return next() < 0.7 ? pick(odd) : value
    const keys = Object.keys(value)
    const key = pick(keys.length > 0 ? keys : ['x'])
    const holder = value as Record<string, unknown>
    if (next() < 0.15) holder[(JSON.stringify(pick(odd)) ?? 'x').slice(1, 200)] = pick(odd)
    holder[key] = mutatedValue(holder[key], next)
    return value
  }
}

const ends = [
  '',
  '/',
  '//',
  '/..',
  '/%2e%2e',
  '/%00',
  '/%2f',
  '?',
  '?a=%ff',
  '?recursion=9&recursion=8',
  '?limit=-5',
  '?limit=1e9',
  '?type[]=x',
  `/${'a'.repeat(600)}`,
  '/%c0%af',
  ';x',
  '?tags=%00',
  '?secret=',
]

function brokenPath(path: string, random: Random): string {
  const end = ends[Math.floor(random() * ends.length)] ?? ''
  const at = 1 + Math.floor(random() * (path.length - 1))
  return random() < 0.5
    ? path + end
    : `${path.slice(0, at)}${encodeURIComponent(String.fromCharCode(Math.floor(random() * 256)))}${path.slice(at)}`
}

function brokenBytes(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  const at = Math.floor(random() * copy.length)
  const kind = random()
  if (kind < 0.4) copy[at] = Math.floor(random() * 256)
  else if (kind < 0.6) return copy.subarray(0, at)
  else if (kind < 0.7) return Buffer.concat([copy, copy])
  else if (kind < 0.8) return Buffer.from('['.repeat(1 + Math.floor(random() * 50_000)))
  else if (kind < 0.85) return Buffer.alloc(Math.floor(random() * 2_000_000), 0x20)
  else return Buffer.concat([copy.subarray(0, at), Buffer.from([0xff, 0xfe, 0x00]), copy.subarray(at)])
  return copy
}

const brokenText = (text: string, random: Random) =>
  brokenBytes(Buffer.from(text), random)
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, 4000)
