// The client's methods against the contract: every operation is reached, and every request is one that it describes.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { amsMethods } from '../../test/methods/ams.ts'

type Reference = { $ref?: string }
type Parameter = Reference & { name: string; in: string; schema: object }
type Body = Reference & { content: Record<string, { schema: object }> }
type Action = { parameters?: Parameter[]; requestBody?: Body }
type Contract = { paths: Record<string, Record<string, Action>>; components: Record<string, Record<string, unknown>> }

const test = suite('AMS methods and the contract')
const contract = parse(readFileSync(join(import.meta.dirname, '../../contracts/ams.yaml'), 'utf8')) as Contract
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false, coerceTypes: false })
ajv.addKeyword('components').addSchema({ $id: 'contract', components: { schemas: contract.components.schemas } })

const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  ['get', 'put', 'post', 'patch', 'delete'].flatMap((method) => {
    const action = item[method]
    return action ? [{ path, method: method.toUpperCase(), action, pattern: patternOf(path) }] : []
  }),
)

/** `logs` and `manifest` are no versions: a path with fewer variables wins. */
function patternOf(path: string): RegExp {
  return new RegExp(
    `^${path
      .replace(/[.]/g, '\\.')
      .replace(/\{version\}/g, '\\d+')
      .replace(/\{\w+\}/g, '[^/]+')}$`,
  )
}

const operationOf = (row: { method: string; path: string }) =>
  operations.find(({ method, pattern }) => method === row.method && pattern.test(row.path))

function resolved<T extends Reference>(node: T): T {
  const [, , kind = '', name = ''] = node.$ref?.split('/') ?? []
  return node.$ref === undefined ? node : (contract.components[kind]?.[name] as T)
}

/** Those that are sockets, and the one that waiting uses where there are no events. */
const elsewhere = ['GET /1.0/events', 'GET /1.0/operations/{uuid}/websocket', 'GET /1.0/operations/{uuid}/wait']

test('every operation is reached by a method', () => {
  const reached = new Set(amsMethods.map((row) => operationOf(row)))
  const missing = operations.filter((one) => !reached.has(one)).map(({ method, path }) => `${method} ${path}`)
  assert.equal(operations.length, 82)
  assert.deepEqual(missing.sort(), elsewhere.sort())
})

for (const [index, row] of amsMethods.entries())
  test(`${row.name} (${index}) sends what the contract has`, () => {
    const operation = operationOf(row)
    assert.ok(operation, `the contract has no ${row.method} ${row.path}`)
    const parameters = (operation.action.parameters ?? []).map(resolved).filter((one) => one.in === 'query')
    for (const [name, value] of Object.entries(row.query ?? {})) {
      const parameter = parameters.find((one) => one.name === name)
      assert.ok(parameter, `no query parameter ${name}`)
      const check = ajv.compile(absolute(parameter.schema))
      assert.ok(
        check(value) || check(JSON.parse(/^(true|false|-?\d+)$/.test(value) ? value : '""')),
        `${name}=${value}`,
      )
    }
    const content = operation.action.requestBody && resolved(operation.action.requestBody).content
    if (row.headers?.['content-type'] === 'application/octet-stream') assert.ok(content?.['application/octet-stream'])
    else if (row.body !== undefined) {
      const schema = content?.['application/json']?.schema
      assert.ok(schema, 'no body is described')
      const check = ajv.compile(absolute(schema))
      assert.ok(check(row.body), JSON.stringify(check.errors))
      assert.deepEqual(unknownKeys(row.body, schema), [])
    }
  })

/** A schema with its references made those of the registered document. */
function absolute(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"contract#/')) as object
}

/** Names in a body that the contract, which lets unknown ones through, does not have. */
function unknownKeys(value: unknown, schema: Reference & { properties?: object; items?: object }): string[] {
  const { properties, items } = resolved(schema)
  if (Array.isArray(value)) return value.flatMap((one) => unknownKeys(one, items ?? {}))
  if (typeof value !== 'object' || value === null || !properties) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = (properties as Record<string, object>)[name]
    return known ? unknownKeys(inner, known) : [name]
  })
}
