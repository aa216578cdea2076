// Every method of a client, against a server that writes down what it is asked.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { bodyOf, type Handlers, type LocalServer, serve, started, sync } from '../server.ts'
import type { Client } from './failures.ts'
import type { Row } from './row.ts'

type Asked = {
  method: string
  path: string
  query: Record<string, string>
  headers: Record<string, unknown>
  body: Buffer
}

/** Calls a row and looks at the request on the wire, and at what the answer becomes. */
export async function onTheWire<C extends Client>(
  row: Row<C>,
  connect: (server: LocalServer) => C,
  start: (handlers: Handlers) => Promise<LocalServer> = serve,
): Promise<void> {
  const asked: Asked[] = []
  await using server = await start({
    request: async (request, answer) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
      const { method = '', headers } = request
      asked.push({
        method,
        path: pathname,
        query: Object.fromEntries(searchParams),
        headers,
        body: await bodyOf(request),
      })
      if (row.kind === 'raw')
        answer.writeHead(200, { 'content-type': 'application/octet-stream' }).end(row.answer ?? '')
      else if (row.kind !== 'async' || asked.length > 1) sync(answer, 'answer' in row ? row.answer : {})
      else {
        const metadata = row.answer ?? {}
        const ended = { id: 'op', class: 'task', status: 'Success', status_code: 200, metadata }
        started(answer, ended)
      }
    },
    socket: () => {},
  })
  const client = connect(server)
  try {
    const result = await row.call(client, { deadline: 5_000 })
    const [first] = asked
    assert.ok(first, `${row.name} asked for nothing`)
    assert.deepEqual([first.method, first.path, first.query], [row.method, row.path, row.query ?? {}], row.name)
    if (row.body instanceof Uint8Array) assert.deepEqual(first.body, Buffer.from(row.body), row.name)
    else if (row.body === undefined) assert.equal(first.body.length, 0, `${row.name}: ${first.body}`)
    else assert.deepEqual(JSON.parse(first.body.toString()), row.body, row.name)
    for (const [name, value] of Object.entries(row.headers ?? {})) assert.equal(first.headers[name], value, row.name)
    if (result instanceof Readable) assert.equal(await text(result), row.answer ?? '', row.name)
    await row.expect?.(result)
  } finally {
    await client.close()
  }
}

/** The methods of a client's resources that no row is about: `resource.method`. */
export function methodsWithoutRow(client: object, rows: readonly Row<never>[], known: readonly string[]): string[] {
  const named = new Set([...rows.map(({ name }) => name), ...known])
  return methodsOf(client).filter((name) => !named.has(name))
}

/** `at` and `api` are a collection's own. */
const inner = ['constructor', 'at', 'api', 'connection']

function methodsOf(thing: object, prefix = ''): string[] {
  const own: string[] = []
  for (let at = Object.getPrototypeOf(thing); at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at))
      if (!inner.includes(name) && typeof Reflect.get(thing, name) === 'function') own.push(name)
  const resources = Object.entries(thing).filter(
    ([name, value]) => typeof value === 'object' && value !== null && !inner.includes(name),
  )
  return [
    ...own.map((name) => prefix + name),
    ...resources.flatMap(([name, value]) => methodsOf(value as object, `${prefix}${name}.`)),
  ]
}
