// Checks requests against the contract that the SDK's types are made from, and says what is wrong in a sentence.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { badRequest } from '../errors.ts'

type Schema = Record<string, unknown>
type RequestBody = { content?: Record<string, { schema: Schema }>; $ref?: string }
type OperationObject = { operationId: string; requestBody?: RequestBody }
type Document = {
  components: { requestBodies: Record<string, RequestBody> }
  paths: Record<string, Record<string, OperationObject | undefined>>
}

export class Contract {
  readonly #ajv: Ajv2020
  readonly #document: Document
  readonly #bodies = new Map<string, ValidateFunction>()
  readonly #operations = new Map<string, OperationObject>()

  constructor() {
    const file = fileURLToPath(import.meta.resolve('@anbox/sdk/contracts/ams.yaml'))
    this.#document = parse(readFileSync(file, 'utf8')) as Document
    this.#ajv = new Ajv2020({ strict: false, verbose: true, validateFormats: false })
    this.#ajv.addSchema(this.#document, 'ams')
    for (const item of Object.values(this.#document.paths)) {
      for (const operation of Object.values(item))
        if (operation?.operationId) this.#operations.set(operation.operationId, operation)
    }
  }

  /** @throws ApiError 400 with one sentence about the first thing that is wrong. */
  checkBody(operationId: string, body: unknown): void {
    const validate = this.#bodies.get(operationId) ?? this.#compile(operationId)
    if (validate(body)) return
    throw badRequest(sentence(validate.errors?.[0]))
  }

  #compile(operationId: string): ValidateFunction {
    const found = this.#operations.get(operationId)?.requestBody
    const body = found?.$ref ? this.#document.components.requestBodies[found.$ref.split('/').at(-1) ?? ''] : found
    const schema = body?.content?.['application/json']?.schema
    if (!schema) throw new Error(`the contract has no JSON body for ${operationId}`)
    const validate = this.#ajv.compile(absolute(schema) as Schema)
    this.#bodies.set(operationId, validate)
    return validate
  }
}

/** References inside the document, seen from a schema compiled by itself. */
export function absolute(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(absolute)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' && inner.startsWith('#') ? `ams${inner}` : absolute(inner),
    ]),
  )
}

function sentence(error: ErrorObject | undefined): string {
  if (!error) return 'the request body does not fit'
  const where = error.instancePath ? error.instancePath.slice(1).replaceAll('/', '.') : 'the request body'
  const { type, allowedValues, limit, pattern, missingProperty } = error.params as {
    missingProperty?: string
    type?: string | string[]
    allowedValues?: unknown[]
    limit?: number
    pattern?: string
  }
  switch (error.keyword) {
    case 'required':
      return `${error.instancePath ? `${where}.` : ''}${missingProperty} is missing`
    case 'type':
      return `${where} must be ${[type].flat().join(' or ')}, not ${shown(error.data)}`
    case 'enum':
      return `${where} must be one of ${allowedValues?.map((value) => JSON.stringify(value)).join(', ')}, not ${shown(error.data)}`
    case 'pattern':
      return `${where} is ${shown(error.data)} and must match ${pattern}`
    case 'maxLength':
      return `${where} is too long: ${limit} characters at most`
    default:
      return `${where} ${error.message ?? 'does not fit'}, not ${shown(error.data)}`
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
