// The parts of a Swagger 2.0 document that the fix-ups and the conversion touch.

export type Schema = {
  $ref?: string
  type?: string
  format?: string
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema | boolean
  required?: string[]
  anyOf?: Schema[]
  'x-nullable'?: boolean
}
export type Parameter = {
  name: string
  in: string
  required?: boolean
  type?: string
  schema?: Schema
}
export type Reply = {
  $ref?: string
  schema?: Schema
  headers?: Record<string, Schema>
}
export type Action = {
  operationId: string
  parameters?: Parameter[]
  consumes?: string[]
  produces?: string[]
  responses: Record<string, Reply>
}
export type Swagger = {
  definitions: Record<string, Schema>
  paths: Record<string, Record<string, Action>>
  responses: Record<string, Reply>
}

/** Every operation of the document, with the path and the method it stands under. */
export function* actions(document: Swagger): Generator<{ path: string; method: string; action: Action }> {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, action] of Object.entries(item)) yield { path, method, action }
  }
}
