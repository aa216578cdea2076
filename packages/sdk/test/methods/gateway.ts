import assert from 'node:assert/strict'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { GatewaySession } from '../../src/gateway/session.ts'
import type { Row } from './row.ts'

const way = { url: 'wss://127.0.0.1:1/1.0/session/s/sockets/slave?token=hush', stun_servers: null }
const session = { id: 's', app: 'calculator', region: '', joinable: true, status: 'active' }
const share = { id: 'x', session_id: 's', type: 'adb' }
const equal = (wanted: unknown) => (result: unknown) => assert.deepEqual(result, wanted)

export const gatewayRows: Row<Gateway>[] = [
  {
    name: 'service.status',
    method: 'GET',
    path: '/1.0/status',
    answer: { status: 'healthy', agents: 1 },
    call: (gateway, options) => gateway.service.status(options),
    expect: equal({ status: 'healthy', agents: 1 }),
  },
  {
    name: 'service.regions',
    method: 'GET',
    path: '/1.0/regions',
    answer: [{ name: 'edge' }],
    call: (gateway, options) => gateway.service.regions(options),
    expect: equal(['edge']),
  },
  {
    name: 'service.applications',
    method: 'GET',
    path: '/1.0/applications',
    answer: null,
    call: (gateway, options) => gateway.service.applications(options),
    expect: equal([]),
  },
  {
    name: 'service.config',
    method: 'GET',
    path: '/1.0/config',
    answer: { a: 'b' },
    call: (gateway, options) => gateway.service.config(options),
    expect: equal({ a: 'b' }),
  },
  {
    name: 'service.setConfig',
    method: 'PATCH',
    path: '/1.0/config',
    body: { name: 'a', value: 'b' },
    call: (gateway, options) => gateway.service.setConfig('a', 'b', options),
  },
  {
    name: 'sessions.list',
    method: 'GET',
    path: '/1.0/sessions',
    query: { recursion: 'true', status: 'active', limit: '2', offset: '1', sort_by: 'id', sort_order: 'asc' },
    answer: [session],
    call: (gateway, options) =>
      gateway.sessions.list({ status: 'active', limit: 2, offset: 1, sort_by: 'id', sort_order: 'asc', ...options }),
    expect: equal([session]),
  },
  {
    name: 'sessions.page',
    method: 'GET',
    path: '/1.0/sessions',
    query: { recursion: 'true', limit: '1' },
    answer: [session],
    call: (gateway, options) => gateway.sessions.page({ limit: 1, ...options }),
    expect: equal({ items: [session], total: 1 }),
  },
  {
    name: 'shares.page',
    method: 'GET',
    path: '/1.0/shares',
    query: { recursion: 'true', offset: '1' },
    answer: null,
    call: (gateway, options) => gateway.shares.page({ offset: 1, ...options }),
    expect: equal({ items: [], total: 0 }),
  },
  {
    name: 'sessions.get',
    method: 'GET',
    path: '/1.0/sessions/a%2Fb',
    answer: session,
    call: (gateway, options) => gateway.sessions.get('a/b', options),
    expect: equal(session),
  },
  {
    name: 'sessions.create',
    method: 'POST',
    path: '/1.0/sessions',
    body: { app: 'calculator', screen: { width: 1280, height: 720 }, extra_data: null },
    answer: { ...session, ...way },
    call: (gateway, options) =>
      gateway.sessions.create({ app: 'calculator', screen: { width: 1280, height: 720 }, extra_data: null }, options),
    expect: (result) => {
      assert.ok(result instanceof GatewaySession)
      assert.deepEqual([result.id, result.status, result.url, result.stunServers], ['s', 'active', way.url, []])
    },
  },
  {
    name: 'sessions.join',
    method: 'POST',
    path: '/1.0/sessions/s/join',
    body: { screen: { width: 640, height: 480 } },
    answer: way,
    call: (gateway, options) => gateway.sessions.join('s', { screen: { width: 640, height: 480 }, ...options }),
    expect: (result) => assert.equal((result as GatewaySession).url, way.url),
  },
  {
    name: 'sessions.share',
    method: 'POST',
    path: '/1.0/sessions/s/share',
    body: { type: 'adb' },
    answer: { ...share, url: 'https://127.0.0.1:1/?token=hush' },
    call: (gateway, options) => gateway.sessions.share('s', undefined, options),
    expect: (result) => {
      assert.deepEqual({ ...(result as object) }, share)
      assert.match((result as { url: string }).url, /token=hush/)
    },
  },
  {
    name: 'sessions.delete',
    method: 'DELETE',
    path: '/1.0/sessions/s',
    query: { force: 'true', sync: 'true' },
    call: (gateway, options) => gateway.sessions.delete('s', { force: true, sync: true, ...options }),
  },
  {
    name: 'sessions.deleteMany',
    method: 'DELETE',
    path: '/1.0/sessions',
    query: { sync: 'true' },
    body: { ids: ['s', 't'] },
    answer: { deleted_sessions: ['s'], errors: [{ session_id: 't', error_message: 'gone', status_code: 404 }] },
    call: (gateway, options) => gateway.sessions.deleteMany(['s', 't'], { sync: true, ...options }),
    expect: equal({ deleted: ['s'], begun: [], errors: [{ id: 't', message: 'gone', status: 404 }] }),
  },
  {
    name: 'shares.list',
    method: 'GET',
    path: '/1.0/shares',
    query: { recursion: 'true', session_id: 's', limit: '5', offset: '0' },
    answer: [share],
    call: (gateway, options) => gateway.shares.list({ session_id: 's', limit: 5, offset: 0, ...options }),
    expect: equal([share]),
  },
  {
    name: 'shares.get',
    method: 'GET',
    path: '/1.0/shares/x',
    answer: share,
    call: (gateway, options) => gateway.shares.get('x', options),
    expect: equal(share),
  },
  {
    name: 'shares.update',
    method: 'PATCH',
    path: '/1.0/shares/x',
    body: { description: 'for Ada', expiry_at: 2_000_000_000 },
    answer: share,
    call: (gateway, options) =>
      gateway.shares.update('x', { description: 'for Ada', expiry_at: 2_000_000_000 }, options),
    expect: equal(share),
  },
  {
    name: 'shares.delete',
    method: 'DELETE',
    path: '/1.0/shares/x',
    query: { sync: 'true' },
    call: (gateway, options) => gateway.shares.delete('x', { sync: true, ...options }),
  },
]
