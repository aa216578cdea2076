import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { suite } from '@anbox/harness'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { contracts, generateTypes } from '../scripts/generate-types.ts'

type Json = Record<string, unknown>
type Parameter = { name: string; in: string; required?: boolean }

const methods = ['get', 'put', 'post', 'patch', 'delete']

for (const contract of contracts) {
  const test = suite(`contract ${basename(contract.document)}`)
  const root = parse(await readFile(contract.document, 'utf8')) as Json
  const paths = root.paths as Record<string, Json>
  const actions = Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method) => (item[method] ? [{ path, item, method, action: item[method] as Json }] : [])),
  )

  test('generating the types again changes nothing', { timeout: 60_000 }, async () => {
    const committed = await readFile(contract.types, 'utf8')
    // Not assert.equal: a difference would print both files.
    assert.ok((await generateTypes(contract)) === committed, `${contract.types} is old: run npm run generate`)
  })

  test('it is an OpenAPI 3.1 document', () => {
    assert.equal(root.openapi, '3.1.0')
    for (const { path, method, action } of actions) {
      assert.ok(Object.keys(action.responses as Json).length > 0, `${method} ${path} has no reply`)
    }
  })

  test('every reference leads somewhere', () => {
    const references = [...nodes(root)].flatMap((node) => (typeof node.$ref === 'string' ? [node.$ref] : []))
    assert.ok(references.length > 0)
    for (const reference of references) assert.notEqual(resolve(root, reference), undefined, reference)
  })

  test('every component is used', () => {
    // What clients and servers need by name, though no request or reply holds it: messages and header texts.
    const named = new Set(['Event', 'InstanceExecControl', 'AddonsPost'])
    const references = new Set([...nodes(root)].map((node) => node.$ref))
    for (const [kind, entries] of Object.entries(root.components as Record<string, Json>)) {
      if (kind === 'securitySchemes') continue
      for (const name of Object.keys(entries)) {
        assert.ok(named.has(name) || references.has(`#/components/${kind}/${name}`), `${kind}/${name}`)
      }
    }
  })

  test('every operation has an id of its own', () => {
    const ids = actions.map(({ action }) => action.operationId)
    for (const id of ids) assert.equal(typeof id, 'string')
    assert.equal(new Set(ids).size, ids.length)
  })

  test('every parameter in a path is declared, and no other', () => {
    for (const { path, item, method, action } of actions) {
      const declared = [...((item.parameters as Json[]) ?? []), ...((action.parameters as Json[]) ?? [])]
        .map((parameter) => (resolve(root, parameter.$ref) ?? parameter) as Parameter)
        .filter((parameter) => parameter.in === 'path')
      for (const parameter of declared) assert.equal(parameter.required, true, `${path} ${parameter.name}`)
      const wanted = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name)
      assert.deepEqual(declared.map((parameter) => parameter.name).sort(), wanted.sort(), `${method} ${path}`)
    }
  })

  test('every schema compiles, and none closes the door on unknown fields', () => {
    const check = checker(root)
    for (const name of Object.keys((root.components as Json).schemas as Json)) check(name, null)
    for (const node of nodes(root)) assert.notEqual(node.additionalProperties, false)
  })
}

const test = suite('AMS requests')
const [ams] = contracts
assert.ok(ams)
const valid = checker(parse(await readFile(ams.document, 'utf8')) as Json)

test('a launch as the public Go client sends it is accepted', () => {
  const launch = {
    name: '',
    type: '',
    app_id: '',
    app_version: null,
    image_id: 'bh03th0j1qm6416q0v30',
    image_version: null,
    node: '',
    user_data: null,
    addons: null,
    services: null,
    resources: { cpus: null, disk_size: null, memory: null, 'gpu-slots': null, 'gpu-type': null, 'vpu-slots': null },
    tags: null,
    config: {
      platform: '',
      display: { width: 0, height: 0, fps: 0, density: 0 },
      security: { delete_protected: null },
    },
    no_start: false,
    source: { type: '', id: '' },
    a_field_of_tomorrow: 1,
  }
  assert.equal(valid('InstancesPost', launch), true)
})

test('a launch with a wrong type, name or port is refused', () => {
  for (const wrong of [
    { name: 7 },
    { name: 'a/b' },
    { name: '-ab' },
    { name: 'ab' },
    { name: 'a'.repeat(64) },
    { type: 'pod' },
    { app_version: '1' },
    { user_data: 'x'.repeat(10241) },
    { resources: { cpus: '2' } },
    { resources: { memory: -1 } },
    { resources: { disk_size: '3GB' } },
    { services: [{ name: 'adb', port: 65536 }] },
    { services: [{ name: 'adb', port: 0 }] },
    { services: [{ name: 'adb', port: 5559, protocols: ['sctp'] }] },
    { tags: 'a,b' },
    { no_start: 'false' },
  ]) {
    assert.equal(valid('InstancesPost', wrong), false, JSON.stringify(wrong).slice(0, 80))
  }
  assert.equal(valid('InstancesPost', { name: 'abc', user_data: 'x'.repeat(10240) }), true)
})

test('other requests of the public Go client are accepted', () => {
  const sent: [schema: string, body: unknown][] = [
    ['InstancePatch', { desired_status: 'stopped', config: { security: {} } }],
    ['InstancePatch', { desired_status: null, config: { security: { delete_protected: true } } }],
    ['InstanceDelete', { force: true }],
    ['InstancesDelete', { ids: ['bh03th0j1qm6416q0v30'], force: false }],
    ['InstanceExecPost', { command: ['id'], environment: null, interactive: false, width: 0, height: 0 }],
    ['ImagesPost', { name: 'a', path: 'jammy:android15:arm64', default: false, type: '' }],
    ['ImagesPost', { name: 'a', source: { type: 'instance', instance: 'x', force: false } }],
    ['ImagePatch', { default: null, force_sync: true }],
    ['NodePatch', { public_address: null, cpus: null, memory: null, tags: null, gpus: null, unscheduable: null }],
    ['NodeDelete', { force: false, keep_in_cluster: true }],
    ['ConfigPatch', { name: 'application.auto_update', value: 'true' }],
    ['ApplicationVersionPatch', { published: true }],
    ['AuthGroupPut', { permissions: [{ entitlement: 'can_view', resource: 'server' }] }],
    ['CertificatesPost', { certificate: 'MIIF', 'trust-password': '' }],
  ]
  for (const [schema, body] of sent) assert.equal(valid(schema, body), true, `${schema} ${JSON.stringify(body)}`)
})

test('a command that is no list, a value that is no text, a deletion of nothing are refused', () => {
  const wrong: [schema: string, body: unknown][] = [
    ['InstanceExecPost', {}],
    ['InstanceExecPost', { command: 'id' }],
    ['InstanceExecPost', { command: [] }],
    ['InstanceExecPost', { command: ['id'], width: '80' }],
    ['ConfigPatch', { name: 'a', value: true }],
    ['InstancesDelete', { force: true }],
    ['NodePatch', { memory: '1.5GB' }],
    ['CertificatesPost', {}],
  ]
  for (const [schema, body] of wrong) assert.equal(valid(schema, body), false, `${schema} ${JSON.stringify(body)}`)
})

/** Tells whether a value is valid against a schema of the document, as the edge agent does. */
function checker(root: Json): (schema: string, value: unknown) => boolean {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false })
  ajv.addKeyword('components')
  ajv.addSchema({ $id: 'contract', components: { schemas: (root.components as Json).schemas } })
  return (schema, value) => {
    const validate = ajv.getSchema(`contract#/components/schemas/${schema}`)
    assert.ok(validate, schema)
    return validate(value) === true
  }
}

function resolve(root: Json, reference: unknown): unknown {
  if (typeof reference !== 'string') return undefined
  assert.ok(reference.startsWith('#/'), reference)
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((at, step) => (at as Json | undefined)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')], root)
}

function* nodes(node: unknown): Generator<Json> {
  if (typeof node !== 'object' || node === null) return
  if (!Array.isArray(node)) yield node as Json
  for (const value of Object.values(node)) yield* nodes(value)
}
