// Requests as bytes on a socket, and answers held against the contract.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { absolute } from '../../packages/edge-agent/src/api/contract.ts'

type Schema = Record<string, unknown>
type Response = { content?: Record<string, { schema: Schema }>; $ref?: string }
type Contract = {
  components: { responses: Record<string, Response> }
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, Response> } | undefined>>
}

export type Operation = { id: string; method: string; path: string; responses: Record<string, Response> }
export type Answer = { status: number; headers: IncomingHttpHeaders; text: string; json: Envelope | undefined }
export type Envelope = {
  type: string
  status?: string
  operation?: string
  metadata: unknown
  error?: string
  error_code?: number
}
export type Body = { json?: unknown; bytes?: Uint8Array; headers?: Record<string, string>; raw?: string }

const document = parse(
  readFileSync(join(import.meta.dirname, '../../packages/sdk/contracts/ams.yaml'), 'utf8'),
) as Contract
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
ajv.addSchema(document as never, 'ams')
const compiled = new Map<string, ValidateFunction>()

export const operations: Operation[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).flatMap(([method, operation]) =>
    operation?.operationId
      ? [{ id: operation.operationId, method: method.toUpperCase(), path, responses: operation.responses }]
      : [],
  ),
)

/** One request over the unix socket, as a client that nobody here wrote would send it. */
export function ask(socketPath: string, method: string, path: string, body: Body = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // Chunked and without a content type, as Canonical's Go client sends JSON.
    const chunked = body.json !== undefined || body.bytes ? { 'transfer-encoding': 'chunked' } : {}
    const headers = { ...chunked, ...body.headers }
    const asked = request({ socketPath, method, path, headers, agent: false }, (reply) => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.once('end', () => {
        const text = Buffer.concat(chunks).toString()
        let json: Envelope | undefined
        try {
          json = JSON.parse(text) as Envelope
        } catch {
          // A file.
        }
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text, json })
      })
      reply.once('error', reject)
    })
    asked.once('error', reject)
    if (body.json !== undefined) asked.write(JSON.stringify(body.json))
    if (body.bytes) asked.write(body.bytes)
    asked.end()
  })
}

/** What is wrong with an answer, in words; "" when it is as the contract says. */
export function complaint({ id, responses }: Operation, { status, headers, text, json }: Answer): string {
  if (status >= 400) {
    if (json?.type !== 'error' || !json.error || json.error_code !== status || json.metadata === undefined)
      return `a refusal outside of the envelope: ${text.slice(0, 200)}`
    return ''
  }
  const declared = responses[String(status)]
  if (!declared) return `status ${status} is not in the contract`
  const response = declared.$ref ? document.components.responses[declared.$ref.split('/').at(-1) ?? ''] : declared
  const [type, content] = Object.entries(response?.content ?? {})[0] ?? []
  if (type !== 'application/json') return json?.type === 'error' ? 'an error sent as a file' : ''
  if (!json) return `no JSON: ${text.slice(0, 200)}`
  if (status === 202 && json.type === 'async' && headers.location !== json.operation)
    return 'no Location of the operation'
  const key = `${id} ${status}`
  const validate = compiled.get(key) ?? ajv.compile(absolute(content?.schema ?? {}) as Schema)
  compiled.set(key, validate)
  return validate(json) ? '' : `${ajv.errorsText(validate.errors)}: ${text.slice(0, 300)}`
}

export const idIn = ({ json }: Answer, kind: string): string => {
  const { resources } = (json?.metadata ?? {}) as { resources?: Record<string, string[]> }
  const id = resources?.[kind]?.[0]?.split('/').at(-1)
  assert.ok(id, `the operation names no ${kind}`)
  return id
}
