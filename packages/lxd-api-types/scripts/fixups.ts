// What is wrong in LXD 5.0.2's API description, as a list. Each entry repairs one kind of mistake and says how many places
// it changed. An entry that finds nothing to change is itself an error: the description has moved on, and so must the list.
import { alwaysSent, nullable } from './facts.ts'
import { type Action, actions, type Reply, type Schema, type Swagger } from './swagger.ts'

export type Fixup = {
  name: string
  /** Repairs the document in place; the number of places changed. */
  apply: (document: Swagger) => number
}

/** Applies every fix-up in its order. @throws {Error} naming the first one that has nothing to do. */
export function repair(document: Swagger, list: Fixup[] = fixups): Map<string, number> {
  const changed = new Map<string, number>()
  for (const fixup of list) {
    const places = fixup.apply(document)
    if (places === 0)
      throw new Error(`fix-up "${fixup.name}" changed nothing: it is no longer needed, or no longer fits`)
    changed.set(fixup.name, places)
  }
  return changed
}

export const fixups: Fixup[] = [
  {
    // `/1.0/instances?recursion=1` is not a path: it is one request with a query, whose answer takes another form.
    // The same goes for `?public`, which stands for the caller that is not trusted.
    name: 'paths that carry a query become one path',
    apply: (document) => {
      const twins = Object.keys(document.paths).filter((path) => path.includes('?'))
      for (const path of twins) {
        for (const [method, twin] of Object.entries(document.paths[path] ?? {})) {
          const action = document.paths[path.slice(0, path.indexOf('?'))]?.[method]
          if (!action) throw new Error(`${method} ${path} has no twin without a query`)
          merge(action, twin, path)
        }
        delete document.paths[path]
      }
      return twins.length
    },
  },
  {
    name: 'path parameters are declared',
    apply: (document) => {
      let places = 0
      for (const { path, action } of actions(document)) {
        for (const [, name = ''] of path.matchAll(/\{([^}]+)\}/g)) {
          if (action.parameters?.some((parameter) => parameter.in === 'path' && parameter.name === name)) continue
          action.parameters = [...(action.parameters ?? []), { name, in: 'path', required: true, type: 'string' }]
          places += 1
        }
      }
      return places
    },
  },
  {
    // Swagger 2.0 puts a header's type beside its name; the file nests it in a schema, as OpenAPI 3 does.
    name: 'header parameters have their type where Swagger 2.0 has it',
    apply: (document) => {
      let places = 0
      for (const { action } of actions(document)) {
        for (const parameter of action.parameters ?? []) {
          if (parameter.in !== 'header' || parameter.type || !parameter.schema?.type) continue
          parameter.type = parameter.schema.type
          delete parameter.schema
          places += 1
        }
      }
      return places
    },
  },
  {
    name: 'reply headers have a type',
    apply: (document) => {
      let places = 0
      for (const { action } of actions(document)) {
        for (const reply of Object.values(action.responses)) {
          for (const header of Object.values(reply.headers ?? {})) {
            if (header.type) continue
            header.type = 'string'
            places += 1
          }
        }
      }
      return places
    },
  },
  {
    // Images, backups and files are uploaded as they are; the file names the body and forgets its schema.
    name: 'raw request bodies are binary',
    apply: (document) => {
      let places = 0
      for (const { action } of actions(document)) {
        for (const parameter of action.parameters ?? []) {
          if (parameter.in !== 'body' || parameter.schema) continue
          parameter.schema = { type: 'string', format: 'binary' }
          places += 1
        }
      }
      return places
    },
  },
  {
    // A success without a schema is a file (or, at `files`, a folder's listing as JSON). `sftp` switches protocols: no body.
    name: 'raw replies are binary',
    apply: (document) => {
      let places = 0
      for (const { method, action } of actions(document)) {
        const reply = action.responses['200']
        if (!reply || reply.$ref || reply.schema || method === 'head' || isSocket(action)) continue
        reply.schema = { type: 'string', format: 'binary' }
        action.produces = ['application/octet-stream']
        places += 1
      }
      return places
    },
  },
  {
    // Both answer `101 Switching Protocols`; the messages that follow are not an HTTP body.
    name: 'websockets answer 101',
    apply: (document) => {
      let places = 0
      for (const { action } of actions(document)) {
        if (!isSocket(action) || !action.responses['200']) continue
        delete action.responses['200']
        action.responses['101'] = {}
        places += 1
      }
      return places
    },
  },
  {
    // An object without a word on its content may hold anything; generators read it as an object that must be empty.
    name: 'free-form objects say so',
    apply: (document) => {
      let places = 0
      for (const schema of schemas(document)) {
        if (schema.type !== 'object' || schema.properties || schema.additionalProperties) continue
        schema.additionalProperties = true
        places += 1
      }
      return places
    },
  },
  {
    // The file marks nothing as required, so every field of every reply would be optional. LXD's server sends these always.
    name: 'fields that a reply always has are required',
    apply: (document) => {
      for (const [name, required] of Object.entries(alwaysSent)) {
        const definition = known(document, name)
        if (definition.required) throw new Error(`definition ${name} now says itself what is required`)
        for (const field of required) property(definition, name, field)
        definition.required = required
      }
      return Object.keys(alwaysSent).length
    },
  },
  {
    // Go's nil maps, slices and pointers travel as `null`.
    name: 'fields that may be null say so',
    apply: (document) => {
      let places = 0
      for (const [name, fields] of Object.entries(nullable)) {
        for (const field of fields) {
          property(known(document, name), name, field)['x-nullable'] = true
          places += 1
        }
      }
      return places
    },
  },
]

function merge(action: Action, twin: Action, path: string): void {
  const names = new Set(action.parameters?.map((parameter) => parameter.name))
  const parameters = twin.parameters?.filter((parameter) => !names.has(parameter.name)) ?? []
  if (path.includes('recursion=') && !names.has('recursion')) {
    parameters.push({ name: 'recursion', in: 'query', type: 'integer' })
  }
  action.parameters = [...(action.parameters ?? []), ...parameters]
  for (const [status, reply] of Object.entries(twin.responses)) {
    const existing = action.responses[status]
    if (existing) widen(existing, reply)
    else action.responses[status] = reply
  }
}

/** The reply takes either form of `metadata`. */
function widen(reply: Reply, other: Reply): void {
  const mine = reply.schema?.properties
  const theirs = other.schema?.properties?.metadata
  if (!mine?.metadata || !theirs || JSON.stringify(mine.metadata) === JSON.stringify(theirs)) return
  const forms = mine.metadata.anyOf ?? [mine.metadata]
  mine.metadata = { anyOf: [...forms, theirs] }
}

const sockets = new Set(['events_get', 'operation_websocket_get'])

function isSocket(action: Action): boolean {
  return sockets.has(action.operationId)
}

function known(document: Swagger, name: string): Schema {
  const definition = document.definitions[name]
  if (!definition) throw new Error(`there is no definition ${name}`)
  return definition
}

function property(definition: Schema, name: string, field: string): Schema {
  const found = definition.properties?.[field]
  if (!found) throw new Error(`definition ${name} has no field ${field}`)
  return found
}

function* schemas(document: Swagger): Generator<Schema> {
  for (const definition of Object.values(document.definitions)) yield* within(definition)
  for (const { action } of actions(document)) {
    for (const reply of Object.values(action.responses)) if (reply.schema) yield* within(reply.schema)
  }
}

function* within(schema: Schema): Generator<Schema> {
  yield schema
  for (const part of Object.values(schema.properties ?? {})) yield* within(part)
  for (const part of schema.anyOf ?? []) yield* within(part)
  if (schema.items) yield* within(schema.items)
  if (typeof schema.additionalProperties === 'object') yield* within(schema.additionalProperties)
}
