// From the repaired Swagger 2.0 document to OpenAPI 3.0, carrying names and types only: every field is copied by name, so
// descriptions, examples and whatever else the file says stay behind.
import { type Action, actions, type Parameter, type Reply, type Schema, type Swagger } from './swagger.ts'

type Json = Record<string, unknown>

/** @throws {Error} on what would make the result wrong: a dangling reference, an operation id given twice. */
export function convert(document: Swagger): Json {
  const ids = new Set<string>()
  const paths: Record<string, Json> = {}
  for (const { path, method, action } of actions(document)) {
    if (ids.has(action.operationId)) throw new Error(`operation id ${action.operationId} stands twice`)
    ids.add(action.operationId)
    paths[path] = { ...paths[path], [method]: operation(action) }
  }
  const converted = {
    openapi: '3.0.3',
    info: { title: 'LXD', version: '1.0' },
    paths,
    components: {
      schemas: map(document.definitions, schema),
      responses: map(document.responses, (reply) => response(reply)),
    },
  }
  expectReferences(converted)
  return converted
}

function operation(action: Action): Json {
  const parameters = action.parameters ?? []
  const bodies = parameters.filter((parameter) => parameter.in === 'body')
  return {
    operationId: action.operationId,
    parameters: parameters.filter((parameter) => parameter.in !== 'body').map(parameter),
    ...(bodies.length > 0 ? { requestBody: requestBody(bodies) } : {}),
    responses: map(action.responses, (reply) => response(reply, action.produces)),
  }
}

function parameter({ name, in: place, required, type }: Parameter): Json {
  return { name, in: place, ...(required ? { required } : {}), schema: { type: type ?? 'string' } }
}

// Where a request takes JSON or a file, the file lists two bodies: in OpenAPI 3 they are two media types of one.
function requestBody(bodies: Parameter[]): Json {
  const content: Json = {}
  for (const body of bodies) {
    const raw = body.schema?.format === 'binary'
    content[raw ? 'application/octet-stream' : 'application/json'] = { schema: schema(body.schema ?? {}) }
  }
  return { content, ...(bodies.some((body) => body.required) ? { required: true } : {}) }
}

function response(reply: Reply, produces: string[] = ['application/json']): Json {
  if (reply.$ref) return { $ref: moved(reply.$ref) }
  const content = Object.fromEntries(produces.map((media) => [media, { schema: schema(reply.schema ?? {}) }]))
  return {
    description: '',
    ...(reply.headers ? { headers: map(reply.headers, (header) => ({ schema: schema(header) })) } : {}),
    ...(reply.schema ? { content } : {}),
  }
}

function schema(source: Schema): Json {
  const { $ref, type, format, properties, items, additionalProperties, required, anyOf } = source
  const result: Json = {}
  if ($ref) result.$ref = moved($ref)
  if (type) result.type = type
  if (format) result.format = format
  if (required) result.required = required
  if (properties) result.properties = map(properties, schema)
  if (items) result.items = schema(items)
  if (anyOf) result.anyOf = anyOf.map(schema)
  if (typeof additionalProperties === 'object') result.additionalProperties = schema(additionalProperties)
  else if (additionalProperties !== undefined) result.additionalProperties = additionalProperties
  if (!source['x-nullable']) return result
  // Beside a reference, OpenAPI 3.0 ignores every other key.
  return $ref ? { nullable: true, allOf: [result] } : { ...result, nullable: true }
}

function moved(reference: string): string {
  return reference.replace('#/definitions/', '#/components/schemas/').replace('#/responses/', '#/components/responses/')
}

function map<T, U>(entries: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, change(value)]))
}

function expectReferences(root: Json): void {
  const look = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (key === '$ref' && typeof value === 'string') resolve(value)
      else look(value)
    }
  }
  const resolve = (reference: string): void => {
    let at: unknown = root
    for (const step of reference.replace('#/', '').split('/')) at = (at as Json | undefined)?.[step]
    if (at === undefined) throw new Error(`reference ${reference} leads nowhere`)
  }
  look(root)
}
