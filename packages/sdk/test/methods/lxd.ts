import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { LxdClient } from '../../src/lxd/client.ts'
import type { Named } from '../../src/lxd/named.ts'
import type { Backups, Snapshots } from '../../src/lxd/storage.ts'
import type { CallOptions } from '../../src/operations/api.ts'
import { Operation } from '../../src/operations/operation.ts'
import type { Row } from './row.ts'

type LxdRow = Row<LxdClient>
const equal = (wanted: unknown) => (result: unknown) => assert.deepEqual(result, wanted)
const isOperation = (result: unknown) => assert.ok(result instanceof Operation && result.final)
const isNothing = equal(undefined)
const json = { 'content-type': 'application/json' }
const bytes = { 'content-type': 'application/octet-stream' }

// biome-ignore lint/suspicious/noExplicitAny: the rows of a collection do not depend on what is in it
type AnyNamed = Named<any, any, any>

/** The rows of a collection that is looked after by name. */
function named(name: string, base: string, of: (lxd: LxdClient) => AnyNamed, body: object = { name: 'n' }): LxdRow[] {
  const at = `${base}/a%2Fb`
  const row = (method: string, row: Partial<LxdRow> & Pick<LxdRow, 'call'>): LxdRow => ({
    name: `${name}.${method}`,
    method: 'GET',
    path: at,
    ...row,
  })
  const etag = '"e1"'
  return [
    row('list', {
      path: base,
      query: { recursion: '1' },
      answer: [{ name: 'n' }],
      call: (lxd, options) => of(lxd).list(options),
      expect: equal([{ name: 'n' }]),
    }),
    row('get', {
      answer: { name: 'n' },
      call: (lxd, options) => of(lxd).get('a/b', options),
      expect: equal({ name: 'n' }),
    }),
    row('getWithEtag', {
      answer: { name: 'n' },
      call: (lxd, options) => of(lxd).getWithEtag('a/b', options),
      expect: equal({ value: { name: 'n' }, etag: undefined }),
    }),
    row('create', {
      method: 'POST',
      path: base,
      body,
      headers: json,
      call: (lxd, options) => of(lxd).create(body, options),
      expect: isNothing,
    }),
    row('update', {
      method: 'PUT',
      body: { description: 'd' },
      headers: { 'if-match': etag },
      call: (lxd, options) => of(lxd).update('a/b', { description: 'd' }, { etag, ...options }),
      expect: isNothing,
    }),
    row('patch', {
      method: 'PATCH',
      body: { description: 'd' },
      headers: { 'if-match': etag },
      call: (lxd, options) => of(lxd).patch('a/b', { description: 'd' }, { etag, ...options }),
      expect: isNothing,
    }),
    row('modify', {
      answer: { name: 'n' },
      call: (lxd, options) => of(lxd).modify('a/b', () => {}, options),
      expect: equal({ name: 'n' }),
    }),
    row('delete', { method: 'DELETE', call: (lxd, options) => of(lxd).delete('a/b', options), expect: isNothing }),
  ]
}

function renamed(
  name: string,
  base: string,
  call: (lxd: LxdClient, options: CallOptions) => Promise<unknown>,
  body: object = { name: 'new' },
): LxdRow {
  return { name: `${name}.rename`, method: 'POST', path: `${base}/old`, body, call }
}

type Started = { method: string; path: string; body?: unknown; query?: Record<string, string> }
/** A row of a method that starts work. */
function starts(name: string, wire: Started, call: LxdRow['call'], headers?: Record<string, string>): LxdRow {
  return { name, kind: 'async', ...wire, ...(headers && { headers }), call, expect: isOperation }
}
/** A row of a method that reads. */
function reads(name: string, path: string, call: LxdRow['call'], query?: Record<string, string>): LxdRow {
  const answer = { some: 'thing' }
  return { name, method: 'GET', path, ...(query && { query }), answer, call, expect: equal(answer) }
}
/** A row of a method whose answer is a file. */
function raw(name: string, path: string, call: LxdRow['call'], query?: Record<string, string>): LxdRow {
  return { name, method: 'GET', path, kind: 'raw', answer: 'content', ...(query && { query }), call }
}
function changes(name: string, wire: Started, call: LxdRow['call'], headers?: Record<string, string>): LxdRow {
  return { name, ...wire, ...(headers && { headers }), call, expect: isNothing }
}

// biome-ignore lint/suspicious/noExplicitAny: the rows of snapshots do not depend on whose they are
function snapshots(name: string, base: string, of: (lxd: LxdClient) => Snapshots<any, any, any>): LxdRow[] {
  const at = `${base}/snapshots/s1`
  const put = { expires_at: '2030-01-01T00:00:00Z' }
  return [
    reads(`${name}.list`, `${base}/snapshots`, (lxd, options) => of(lxd).list(options), { recursion: '1' }),
    reads(`${name}.modify`, at, (lxd, options) => of(lxd).modify('s1', () => {}, options)),
    reads(`${name}.get`, at, (lxd, options) => of(lxd).get('s1', options)),
    {
      name: `${name}.getWithEtag`,
      method: 'GET',
      path: at,
      answer: {},
      call: (lxd, options) => of(lxd).getWithEtag('s1', options),
      expect: equal({ value: {}, etag: undefined }),
    },
    starts(`${name}.create`, { method: 'POST', path: `${base}/snapshots`, body: { name: 's1' } }, (lxd, options) =>
      of(lxd).create({ name: 's1' }, options),
    ),
    changes(
      `${name}.update`,
      { method: 'PUT', path: at, body: put },
      (lxd, options) => of(lxd).update('s1', put, { etag: '"e"', ...options }),
      { 'if-match': '"e"' },
    ),
    changes(`${name}.patch`, { method: 'PATCH', path: at, body: put }, (lxd, options) =>
      of(lxd).patch('s1', put, options),
    ),
    starts(`${name}.rename`, { method: 'POST', path: at, body: { name: 's2' } }, (lxd, options) =>
      of(lxd).rename('s1', 's2', options),
    ),
    starts(`${name}.delete`, { method: 'DELETE', path: at }, (lxd, options) => of(lxd).delete('s1', options)),
  ]
}

// biome-ignore lint/suspicious/noExplicitAny: the rows of backups do not depend on whose they are
function backups(name: string, base: string, of: (lxd: LxdClient) => Backups<any, any>): LxdRow[] {
  const at = `${base}/backups/b1`
  return [
    reads(`${name}.list`, `${base}/backups`, (lxd, options) => of(lxd).list(options), { recursion: '1' }),
    reads(`${name}.get`, at, (lxd, options) => of(lxd).get('b1', options)),
    starts(`${name}.create`, { method: 'POST', path: `${base}/backups`, body: { name: 'b1' } }, (lxd, options) =>
      of(lxd).create({ name: 'b1' }, options),
    ),
    raw(`${name}.export`, `${at}/export`, (lxd, options) => of(lxd).export('b1', options)),
    starts(`${name}.rename`, { method: 'POST', path: at, body: { name: 'b2' } }, (lxd, options) =>
      of(lxd).rename('b1', 'b2', options),
    ),
    starts(`${name}.delete`, { method: 'DELETE', path: at }, (lxd, options) => of(lxd).delete('b1', options)),
  ]
}

const instance = '/1.0/instances/i1'
const volume = '/1.0/storage-pools/p/volumes/custom'
const image = '/1.0/images/f00d'
const stream = () => Readable.from([Buffer.from('bytes')])

export const lxdRows: LxdRow[] = [
  // ── the server ──
  {
    name: 'server.versions',
    method: 'GET',
    path: '/',
    answer: ['/1.0'],
    call: (lxd, options) => lxd.server.versions(options),
    expect: equal(['/1.0']),
  },
  reads('server.get', '/1.0', (lxd, options) => lxd.server.get(options)),
  {
    name: 'server.getWithEtag',
    method: 'GET',
    path: '/1.0',
    call: (lxd, options) => lxd.server.getWithEtag(options),
    expect: equal({ value: {}, etag: undefined }),
  },
  {
    name: 'server.hasExtension',
    method: 'GET',
    path: '/1.0',
    answer: { api_extensions: ['projects'] },
    call: (lxd, options) => lxd.server.hasExtension('projects', options),
    expect: equal(true),
  },
  changes('server.update', { method: 'PUT', path: '/1.0', body: { config: {} } }, (lxd, options) =>
    lxd.server.update({ config: {} }, options),
  ),
  changes(
    'server.patch',
    { method: 'PATCH', path: '/1.0', body: { config: { 'user.a': 'b' } } },
    (lxd, options) => lxd.server.patch({ config: { 'user.a': 'b' } }, { etag: '"e"', ...options }),
    { 'if-match': '"e"' },
  ),
  reads('server.modify', '/1.0', (lxd, options) => lxd.server.modify(() => {}, options)),
  reads('resources.get', '/1.0/resources', (lxd, options) => lxd.resources.get(options)),
  {
    name: 'metrics.get',
    method: 'GET',
    path: '/1.0/metrics',
    kind: 'raw',
    answer: '# TYPE lxd_warnings_total gauge\nlxd_warnings_total{name="i1"} 3\n',
    call: (lxd, options) => lxd.metrics.get(options),
    expect: (result) => {
      const families = result as Awaited<ReturnType<LxdClient['metrics']['get']>>
      assert.equal(families.get('lxd_warnings_total')?.samples[0]?.value, 3)
    },
  },
  {
    name: 'metrics.text',
    method: 'GET',
    path: '/1.0/metrics',
    kind: 'raw',
    answer: 'up 1\n',
    call: (lxd, options) => lxd.metrics.text(options),
    expect: equal('up 1\n'),
  },
  reads('warnings.list', '/1.0/warnings', (lxd, options) => lxd.warnings.list(options), { recursion: '1' }),
  reads('warnings.get', '/1.0/warnings/u1', (lxd, options) => lxd.warnings.get('u1', options)),
  {
    name: 'warnings.getWithEtag',
    method: 'GET',
    path: '/1.0/warnings/u1',
    call: (lxd, options) => lxd.warnings.getWithEtag('u1', options),
    expect: equal({ value: {}, etag: undefined }),
  },
  changes('warnings.update', { method: 'PUT', path: '/1.0/warnings/u1', body: { status: 'new' } }, (lxd, options) =>
    lxd.warnings.update('u1', 'new', options),
  ),
  changes(
    'warnings.acknowledge',
    { method: 'PATCH', path: '/1.0/warnings/u1', body: { status: 'acknowledged' } },
    (lxd, options) => lxd.warnings.acknowledge('u1', options),
  ),
  changes('warnings.delete', { method: 'DELETE', path: '/1.0/warnings/u1' }, (lxd, options) =>
    lxd.warnings.delete('u1', options),
  ),
  {
    name: 'request',
    method: 'GET',
    path: '/1.0/instances/a%2Fb/state',
    answer: { status: 'Running' },
    call: (lxd, options) => lxd.request('GET', '/1.0/instances/{name}/state', { path: { name: 'a/b' }, ...options }),
    expect: equal({ status: 'Running' }),
  },
  {
    name: 'request',
    method: 'POST',
    path: '/1.0/profiles',
    body: { name: 'p' },
    call: (lxd, options) => lxd.request('POST', '/1.0/profiles', { body: { name: 'p' }, ...options }),
  },
  // ── trust and cluster ──
  ...named('certificates', '/1.0/certificates', (lxd) => lxd.certificates, { type: 'client', certificate: 'MII' }),
  {
    name: 'certificates.createToken',
    method: 'POST',
    path: '/1.0/certificates',
    body: { name: 'ops', type: 'client', token: true, restricted: true, projects: ['p'] },
    kind: 'async',
    answer: { secret: 's3cret', fingerprint: 'ab', addresses: ['127.0.0.1:8443'] },
    call: (lxd, options) => lxd.certificates.createToken('ops', { restricted: true, projects: ['p'], ...options }),
    expect: (result) => {
      const { token } = result as { token: string }
      const { client_name, secret } = JSON.parse(Buffer.from(token, 'base64').toString())
      assert.deepEqual([client_name, secret], ['ops', 's3cret'])
    },
  },
  reads('cluster.get', '/1.0/cluster', (lxd, options) => lxd.cluster.get(options)),
  starts(
    'cluster.update',
    { method: 'PUT', path: '/1.0/cluster', body: { enabled: true, server_name: 'a' } },
    (lxd, options) => lxd.cluster.update({ enabled: true, server_name: 'a' }, options),
  ),
  changes(
    'cluster.updateCertificate',
    {
      method: 'PUT',
      path: '/1.0/cluster/certificate',
      body: { cluster_certificate: 'PEM', cluster_certificate_key: 'KEY' },
    },
    (lxd, options) => lxd.cluster.updateCertificate('PEM', 'KEY', options),
  ),
  ...named('cluster.members', '/1.0/cluster/members', (lxd) => lxd.cluster.members, { server_name: 'm' }),
  starts(
    'cluster.members.createToken',
    { method: 'POST', path: '/1.0/cluster/members', body: { server_name: 'm' } },
    (lxd, options) => lxd.cluster.members.createToken('m', options),
  ),
  renamed(
    'cluster.members',
    '/1.0/cluster/members',
    (lxd, options) => lxd.cluster.members.rename('old', 'new', options),
    { server_name: 'new' },
  ),
  starts(
    'cluster.members.setState',
    { method: 'POST', path: '/1.0/cluster/members/m/state', body: { action: 'evacuate' } },
    (lxd, options) => lxd.cluster.members.setState('m', 'evacuate', options),
  ),
  ...named('cluster.groups', '/1.0/cluster/groups', (lxd) => lxd.cluster.groups),
  renamed('cluster.groups', '/1.0/cluster/groups', (lxd, options) => lxd.cluster.groups.rename('old', 'new', options)),
  // ── projects, profiles ──
  ...named('projects', '/1.0/projects', (lxd) => lxd.projects),
  {
    ...renamed('projects', '/1.0/projects', (lxd, options) => lxd.projects.rename('old', 'new', options)),
    kind: 'async',
  },
  reads('projects.state', '/1.0/projects/p/state', (lxd, options) => lxd.projects.state('p', options)),
  ...named('profiles', '/1.0/profiles', (lxd) => lxd.profiles),
  renamed('profiles', '/1.0/profiles', (lxd, options) => lxd.profiles.rename('old', 'new', options)),
  // ── networks ──
  ...named('networks', '/1.0/networks', (lxd) => lxd.networks),
  renamed('networks', '/1.0/networks', (lxd, options) => lxd.networks.rename('old', 'new', options)),
  reads('networks.state', '/1.0/networks/n/state', (lxd, options) => lxd.networks.state('n', options)),
  reads('networks.leases', '/1.0/networks/n/leases', (lxd, options) => lxd.networks.leases('n', options)),
  ...named('networks.forwards()', '/1.0/networks/n/forwards', (lxd) => lxd.networks.forwards('n'), {
    listen_address: '192.0.2.1',
  }),
  ...named('networks.peers()', '/1.0/networks/n/peers', (lxd) => lxd.networks.peers('n')),
  ...named('networkAcls', '/1.0/network-acls', (lxd) => lxd.networkAcls),
  renamed('networkAcls', '/1.0/network-acls', (lxd, options) => lxd.networkAcls.rename('old', 'new', options)),
  raw('networkAcls.log', '/1.0/network-acls/a/log', (lxd, options) => lxd.networkAcls.log('a', options)),
  ...named('networkZones', '/1.0/network-zones', (lxd) => lxd.networkZones),
  ...named('networkZones.records()', '/1.0/network-zones/z/records', (lxd) => lxd.networkZones.records('z')),
  // ── storage ──
  ...named('storagePools', '/1.0/storage-pools', (lxd) => lxd.storagePools, { name: 'p', driver: 'dir' }),
  reads('storagePools.resources', '/1.0/storage-pools/p/resources', (lxd, options) =>
    lxd.storagePools.resources('p', options),
  ),
  starts(
    'storagePools.createVolume',
    { method: 'POST', path: '/1.0/storage-pools/p/volumes', body: { name: 'v', type: 'custom' } },
    (lxd, options) => lxd.storagePools.createVolume('p', { name: 'v', type: 'custom' }, options),
  ),
  reads(
    'storagePools.allVolumes',
    '/1.0/storage-pools/p/volumes',
    (lxd, options) => lxd.storagePools.allVolumes('p', { filter: 'name eq v', ...options }),
    { recursion: '1', filter: 'name eq v' },
  ),
  reads('storagePools.volumes().list', volume, (lxd, options) => lxd.storagePools.volumes('p').list(options), {
    recursion: '1',
  }),
  reads('storagePools.volumes().get', `${volume}/v`, (lxd, options) => lxd.storagePools.volumes('p').get('v', options)),
  {
    name: 'storagePools.volumes().getWithEtag',
    method: 'GET',
    path: `${volume}/v`,
    call: (lxd, options) => lxd.storagePools.volumes('p').getWithEtag('v', options),
    expect: equal({ value: {}, etag: undefined }),
  },
  starts('storagePools.volumes().create', { method: 'POST', path: volume, body: { name: 'v' } }, (lxd, options) =>
    lxd.storagePools.volumes('p').create({ name: 'v' }, options),
  ),
  starts(
    'storagePools.volumes().import',
    { method: 'POST', path: volume, body: Buffer.from('bytes') },
    (lxd, options) => lxd.storagePools.volumes('p').import('v', stream(), options),
    { ...bytes, 'x-lxd-name': 'v' },
  ),
  changes(
    'storagePools.volumes().update',
    { method: 'PUT', path: `${volume}/v`, body: { config: {} } },
    (lxd, options) => lxd.storagePools.volumes('p').update('v', { config: {} }, options),
  ),
  changes(
    'storagePools.volumes().patch',
    { method: 'PATCH', path: `${volume}/v`, body: { config: {} } },
    (lxd, options) => lxd.storagePools.volumes('p').patch('v', { config: {} }, options),
  ),
  reads('storagePools.volumes().modify', `${volume}/v`, (lxd, options) =>
    lxd.storagePools.volumes('p').modify('v', () => {}, options),
  ),
  starts(
    'storagePools.volumes().move',
    { method: 'POST', path: `${volume}/v`, body: { name: 'w', pool: 'q' } },
    (lxd, options) => lxd.storagePools.volumes('p').move('v', { name: 'w', pool: 'q' }, options),
  ),
  changes('storagePools.volumes().delete', { method: 'DELETE', path: `${volume}/v` }, (lxd, options) =>
    lxd.storagePools.volumes('p').delete('v', options),
  ),
  reads('storagePools.volumes().state', `${volume}/v/state`, (lxd, options) =>
    lxd.storagePools.volumes('p').state('v', options),
  ),
  ...snapshots('storagePools.volumes().snapshots()', `${volume}/v`, (lxd) =>
    lxd.storagePools.volumes('p').snapshots('v'),
  ),
  ...backups('storagePools.volumes().backups()', `${volume}/v`, (lxd) => lxd.storagePools.volumes('p').backups('v')),
  // ── images ──
  reads('images.list', '/1.0/images', (lxd, options) => lxd.images.list({ filter: 'public eq true', ...options }), {
    recursion: '1',
    filter: 'public eq true',
  }),
  reads('images.get', image, (lxd, options) => lxd.images.get('f00d', { secret: 'x', ...options }), { secret: 'x' }),
  {
    name: 'images.getWithEtag',
    method: 'GET',
    path: image,
    call: (lxd, options) => lxd.images.getWithEtag('f00d', options),
    expect: equal({ value: {}, etag: undefined }),
  },
  changes('images.update', { method: 'PUT', path: image, body: { public: true } }, (lxd, options) =>
    lxd.images.update('f00d', { public: true }, options),
  ),
  changes('images.patch', { method: 'PATCH', path: image, body: { public: true } }, (lxd, options) =>
    lxd.images.patch('f00d', { public: true }, options),
  ),
  reads('images.modify', image, (lxd, options) => lxd.images.modify('f00d', () => {}, options)),
  starts('images.refresh', { method: 'POST', path: `${image}/refresh` }, (lxd, options) =>
    lxd.images.refresh('f00d', options),
  ),
  starts('images.createSecret', { method: 'POST', path: `${image}/secret` }, (lxd, options) =>
    lxd.images.createSecret('f00d', options),
  ),
  starts(
    'images.push',
    { method: 'POST', path: `${image}/export`, body: { target: 'https://other' } },
    (lxd, options) => lxd.images.push('f00d', { target: 'https://other' }, options),
  ),
  starts(
    'images.import',
    { method: 'POST', path: '/1.0/images', body: Buffer.from('bytes') },
    (lxd, options) => lxd.images.import(stream(), { filename: 'ä.tar.gz', public: true, ...options }),
    { ...bytes, 'x-lxd-filename': '%C3%A4.tar.gz', 'x-lxd-public': '1' },
  ),
  starts(
    'images.fetch',
    {
      method: 'POST',
      path: '/1.0/images',
      body: { source: { type: 'url', url: 'https://x' }, aliases: [{ name: 'a' }], auto_update: false },
    },
    (lxd, options) => lxd.images.fetch({ type: 'url', url: 'https://x' }, { aliases: ['a'], ...options }),
  ),
  starts(
    'images.publish',
    { method: 'POST', path: '/1.0/images', body: { source: { type: 'snapshot', name: 'i1/s1' }, aliases: [] } },
    (lxd, options) => lxd.images.publish('i1/s1', options),
  ),
  {
    name: 'images.export',
    method: 'GET',
    path: `${image}/export`,
    query: { secret: 'x' },
    kind: 'raw',
    answer: 'content',
    call: (lxd, options) => lxd.images.export('f00d', { secret: 'x', ...options }),
    expect: async (result) => assert.equal(String(await (result as { stream: Readable }).stream.toArray()), 'content'),
  },
  {
    name: 'images.download',
    method: 'GET',
    // SHA-256 of "content".
    path: '/1.0/images/ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73/export',
    kind: 'raw',
    answer: 'content',
    call: (lxd, options) =>
      lxd.images.download(
        'ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73',
        join(tmpdir(), `sdk-download-${process.pid}-${Math.random()}`),
        options,
      ),
    expect: async (result) => {
      const { files } = result as { files: string[] }
      for (const file of files) {
        assert.equal(await readFile(file, 'utf8'), 'content')
        await rm(file)
      }
    },
  },
  starts('images.delete', { method: 'DELETE', path: image }, (lxd, options) => lxd.images.delete('f00d', options)),
  ...named('images.aliases', '/1.0/images/aliases', (lxd) => lxd.images.aliases, { name: 'a', target: 'f00d' }),
  renamed('images.aliases', '/1.0/images/aliases', (lxd, options) => lxd.images.aliases.rename('old', 'new', options)),
  // ── instances ──
  reads(
    'instances.list',
    '/1.0/instances',
    (lxd, options) => lxd.instances.list({ filter: 'status eq Running', allProjects: true, ...options }),
    { recursion: '1', filter: 'status eq Running', 'all-projects': 'true' },
  ),
  reads('instances.get', '/1.0/instances/a%2Fb', (lxd, options) => lxd.instances.get('a/b', options)),
  {
    name: 'instances.getWithEtag',
    method: 'GET',
    path: instance,
    call: (lxd, options) => lxd.instances.getWithEtag('i1', options),
    expect: equal({ value: {}, etag: undefined }),
  },
  reads('instances.state', `${instance}/state`, (lxd, options) => lxd.instances.state('i1', options)),
  starts('instances.create', { method: 'POST', path: '/1.0/instances', body: { name: 'i1' } }, (lxd, options) =>
    lxd.instances.create({ name: 'i1' }, options),
  ),
  starts(
    'instances.import',
    { method: 'POST', path: '/1.0/instances', body: Buffer.from('bytes') },
    (lxd, options) => lxd.instances.import(stream(), { name: 'i1', ...options }),
    { ...bytes, 'x-lxd-name': 'i1' },
  ),
  starts(
    'instances.copy',
    {
      method: 'POST',
      path: '/1.0/instances',
      body: { name: 'i2', source: { type: 'copy', source: 'i1', instance_only: true } },
    },
    (lxd, options) => lxd.instances.copy('i1', 'i2', { instanceOnly: true, ...options }),
  ),
  starts(
    'instances.update',
    { method: 'PUT', path: instance, body: { description: 'd' } },
    (lxd, options) => lxd.instances.update('i1', { description: 'd' }, { etag: '"e"', ...options }),
    { 'if-match': '"e"' },
  ),
  changes('instances.patch', { method: 'PATCH', path: instance, body: { description: 'd' } }, (lxd, options) =>
    lxd.instances.patch('i1', { description: 'd' }, options),
  ),
  reads('instances.modify', instance, (lxd, options) => lxd.instances.modify('i1', () => {}, options)),
  starts(
    'instances.setState',
    { method: 'PUT', path: `${instance}/state`, body: { action: 'start' } },
    (lxd, options) => lxd.instances.setState('i1', { action: 'start' }, options),
  ),
  starts(
    'instances.setStateOfAll',
    { method: 'PUT', path: '/1.0/instances', body: { state: { action: 'stop', force: true } } },
    (lxd, options) => lxd.instances.setStateOfAll({ action: 'stop', force: true }, options),
  ),
  starts('instances.rename', { method: 'POST', path: instance, body: { name: 'i2' } }, (lxd, options) =>
    lxd.instances.rename('i1', 'i2', options),
  ),
  starts('instances.move', { method: 'POST', path: instance, body: { name: 'i1', pool: 'q' } }, (lxd, options) =>
    lxd.instances.move('i1', { name: 'i1', pool: 'q' }, options),
  ),
  starts('instances.delete', { method: 'DELETE', path: instance }, (lxd, options) =>
    lxd.instances.delete('i1', options),
  ),
  ...snapshots('instances.snapshots()', instance, (lxd) => lxd.instances.snapshots('i1')),
  ...backups('instances.backups()', instance, (lxd) => lxd.instances.backups('i1')),
  reads('instances.metadata().get', `${instance}/metadata`, (lxd, options) =>
    lxd.instances.metadata('i1').get(options),
  ),
  {
    name: 'instances.metadata().getWithEtag',
    method: 'GET',
    path: `${instance}/metadata`,
    call: (lxd, options) => lxd.instances.metadata('i1').getWithEtag(options),
    expect: equal({ value: {}, etag: undefined }),
  },
  changes('instances.metadata().update', { method: 'PUT', path: `${instance}/metadata`, body: {} }, (lxd, options) =>
    lxd.instances.metadata('i1').update({}, options),
  ),
  changes('instances.metadata().patch', { method: 'PATCH', path: `${instance}/metadata`, body: {} }, (lxd, options) =>
    lxd.instances.metadata('i1').patch({}, options),
  ),
  {
    name: 'instances.metadata().templates',
    method: 'GET',
    path: `${instance}/metadata/templates`,
    answer: ['hosts.tpl'],
    call: (lxd, options) => lxd.instances.metadata('i1').templates(options),
    expect: equal(['hosts.tpl']),
  },
  raw(
    'instances.metadata().template',
    `${instance}/metadata/templates`,
    (lxd, options) => lxd.instances.metadata('i1').template('hosts.tpl', options),
    { path: 'hosts.tpl' },
  ),
  changes(
    'instances.metadata().putTemplate',
    { method: 'POST', path: `${instance}/metadata/templates`, query: { path: 'hosts.tpl' }, body: Buffer.from('text') },
    (lxd, options) => lxd.instances.metadata('i1').putTemplate('hosts.tpl', 'text', options),
    bytes,
  ),
  changes(
    'instances.metadata().deleteTemplate',
    { method: 'DELETE', path: `${instance}/metadata/templates`, query: { path: 'hosts.tpl' } },
    (lxd, options) => lxd.instances.metadata('i1').deleteTemplate('hosts.tpl', options),
  ),
  {
    name: 'instances.logs.list',
    method: 'GET',
    path: `${instance}/logs`,
    answer: ['/1.0/instances/i1/logs/lxc.log'],
    call: (lxd, options) => lxd.instances.logs.list('i1', options),
    expect: equal(['lxc.log']),
  },
  raw('instances.logs.get', `${instance}/logs/lxc.log`, (lxd, options) =>
    lxd.instances.logs.get('i1', 'lxc.log', options),
  ),
  changes('instances.logs.delete', { method: 'DELETE', path: `${instance}/logs/lxc.log` }, (lxd, options) =>
    lxd.instances.logs.delete('i1', 'lxc.log', options),
  ),
  raw('instances.console.log', `${instance}/console`, (lxd, options) => lxd.instances.console.log('i1', options)),
  changes('instances.console.clear', { method: 'DELETE', path: `${instance}/console` }, (lxd, options) =>
    lxd.instances.console.clear('i1', options),
  ),
  {
    name: 'instances.files.get',
    method: 'GET',
    path: `${instance}/files`,
    query: { path: '/etc/hosts' },
    kind: 'raw',
    answer: 'content',
    call: (lxd, options) => lxd.instances.files.get('i1', '/etc/hosts', options),
    expect: async (result) => {
      const file = result as { type: string; stream?: Readable }
      assert.equal(file.type, 'file')
      await file.stream?.toArray()
    },
  },
  {
    name: 'instances.files.stat',
    method: 'HEAD',
    path: `${instance}/files`,
    query: { path: '/etc/hosts' },
    kind: 'raw',
    call: (lxd, options) => lxd.instances.files.stat('i1', '/etc/hosts', options),
    expect: async (result) => {
      const file = result as { type: string; stream?: Readable }
      assert.equal(file.type, 'file')
      await file.stream?.toArray()
    },
  },
  changes(
    'instances.files.put',
    { method: 'POST', path: `${instance}/files`, query: { path: '/x' }, body: Buffer.from('text') },
    (lxd, options) => lxd.instances.files.put('i1', '/x', 'text', { mode: 0o640, uid: 7, ...options }),
    { ...bytes, 'x-lxd-type': 'file', 'x-lxd-mode': '0640', 'x-lxd-uid': '7' },
  ),
  changes(
    'instances.files.mkdir',
    { method: 'POST', path: `${instance}/files`, query: { path: '/d' } },
    (lxd, options) => lxd.instances.files.mkdir('i1', '/d', options),
    { 'x-lxd-type': 'directory' },
  ),
  changes(
    'instances.files.symlink',
    { method: 'POST', path: `${instance}/files`, query: { path: '/l' }, body: Buffer.from('/x') },
    (lxd, options) => lxd.instances.files.symlink('i1', '/l', '/x', options),
    { 'x-lxd-type': 'symlink' },
  ),
  {
    name: 'instances.files.push',
    method: 'POST',
    path: `${instance}/files`,
    query: { path: '/etc/new' },
    headers: { 'x-lxd-type': 'directory' },
    call: async (lxd, options) => {
      const from = await mkdtemp(join(tmpdir(), 'sdk-push-'))
      try {
        return await lxd.instances.files.push('i1', from, '/etc/new', options)
      } finally {
        await rm(from, { recursive: true })
      }
    },
    expect: equal({ files: 0, directories: 0, symlinks: 0, bytes: 0, skipped: [] }),
  },
  changes(
    'instances.files.delete',
    { method: 'DELETE', path: `${instance}/files`, query: { path: '/x' } },
    (lxd, options) => lxd.instances.files.delete('i1', '/x', options),
  ),
  // ── operations ──
  {
    name: 'operations.list',
    method: 'GET',
    path: '/1.0/operations',
    query: { recursion: '1' },
    answer: { success: [{ id: 'o1', status: 'Success', status_code: 200 }] },
    call: (lxd, options) => lxd.operations.list(options),
    expect: (result) =>
      assert.deepEqual(
        (result as Operation[]).map(({ id }) => id),
        ['o1'],
      ),
  },
  {
    name: 'operations.get',
    method: 'GET',
    path: '/1.0/operations/o1',
    answer: { id: 'o1', status: 'Success', status_code: 200 },
    call: (lxd, options) => lxd.operations.get('o1', options),
    expect: isOperation,
  },
  {
    name: 'operations.wait',
    method: 'GET',
    path: '/1.0/operations/o1',
    answer: { id: 'o1', status: 'Success', status_code: 200 },
    call: (lxd, options) => lxd.operations.wait('o1', options),
    expect: isOperation,
  },
  changes('operations.cancel', { method: 'DELETE', path: '/1.0/operations/o1' }, (lxd, options) =>
    lxd.operations.cancel('o1', options),
  ),
]

/** What needs a server that does more than answer, and where that is tried. The operations of LXD that it uses. */
export const lxdElsewhere: Record<string, { uses: string[]; test: string }> = {
  'instances.exec': {
    uses: ['POST /1.0/instances/{name}/exec', 'GET /1.0/operations/{id}/websocket'],
    test: 'operations/exec.test.ts',
  },
  'instances.execInteractive': { uses: ['POST /1.0/instances/{name}/exec'], test: 'operations/exec.test.ts' },
  'instances.run': { uses: ['POST /1.0/instances/{name}/exec'], test: 'operations/exec.test.ts' },
  'images.copy': {
    uses: ['GET /1.0/images/{fingerprint}/export', 'POST /1.0/images'],
    test: 'test/live/lxd-images.test.ts',
  },
  'instances.console.attach': { uses: ['POST /1.0/instances/{name}/console'], test: 'test/live/lxd-resources.test.ts' },
  'instances.files.pull': { uses: ['GET /1.0/instances/{name}/files'], test: 'test/live/lxd-files.test.ts' },
  'instances.sftp': { uses: ['GET /1.0/instances/{name}/sftp'], test: 'test/live/lxd-resources.test.ts' },
  'instances.waitFor': { uses: ['GET /1.0/events'], test: 'test/live/lxd-resources.test.ts' },
  'instances.informer': { uses: ['GET /1.0/events'], test: 'operations/informer.test.ts' },
  events: { uses: ['GET /1.0/events'], test: 'operations/event-stream.test.ts' },
  'Operation.wait': { uses: ['GET /1.0/operations/{id}/wait'], test: 'operations/operation.test.ts' },
}
