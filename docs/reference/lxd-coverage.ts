// Makes lxd-coverage.md: the operations of LXD's description, and the method for each, as the tests of the methods call it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lxdElsewhere, lxdRows } from '../../packages/sdk/test/methods/lxd.ts'
import { root } from '../page.ts'

export type LxdOperation = { method: string; path: string; methods: string[] }

/** Every operation of LXD 5.0, from the generated types, with the methods that call it. */
export function lxdOperations(): LxdOperation[] {
  const types = readFileSync(join(root, 'packages/lxd-api-types/src/lxd.generated.ts'), 'utf8')
  const [paths = ''] = /^export interface paths \{.*?^\}/ms.exec(types) ?? []
  const operations = [...paths.matchAll(/^ {4}"(\/[^"]*)": \{(.*?)^ {4}\};/gms)].flatMap(([, path = '', body = '']) =>
    [...body.matchAll(/^ {8}(get|put|post|patch|delete|head): operations/gm)].map(([, method = '']) => ({
      method: method.toUpperCase(),
      path,
      methods: [] as string[],
    })),
  )
  const find = (method: string, path: string) =>
    operations
      .filter((one) => one.method === method && matches(one.path, path))
      // `/images/aliases` is no `/images/{fingerprint}`.
      .sort((a, b) => placeholders(a.path) - placeholders(b.path))[0]
  const add = (name: string, found: LxdOperation | undefined) => {
    if (found && !found.methods.includes(name)) found.methods.push(name)
  }
  for (const { name, method, path } of lxdRows) if (name !== 'request') add(name, find(method, path))
  for (const [name, { uses }] of Object.entries(lxdElsewhere))
    for (const use of uses) {
      const [method = '', path = ''] = use.split(' ')
      add(
        name,
        operations.find((one) => one.method === method && one.path === path),
      )
    }
  // `modify` reads before it writes.
  for (const one of operations.filter(({ method }) => method === 'PUT'))
    for (const name of find('GET', one.path)?.methods ?? []) if (name.endsWith('.modify')) add(name, one)
  return operations
}

function matches(template: string, path: string): boolean {
  return new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path)
}

const placeholders = (path: string) => path.split('{').length

export function lxdCoveragePage(): string {
  const operations = lxdOperations()
  return `# LXD's API in the SDK

<!-- Made by \`npm run generate\`; do not edit. -->

LXD 5.0's description has ${operations.length} operations. Each has a method of \`LxdClient\`, and a test that looks at the request on the wire. Where a
newer LXD has more, \`lxd.connection.request\` sends anything.

\`lxd.request('GET', '/1.0/instances/{name}/state', { path: { name } })\` sends any of them typed by the description.

| operation | method of \`LxdClient\` |
| --- | --- |
${operations.map(({ method, path, methods }) => `| \`${method} ${path}\` | ${methods.map((name) => `\`${name}\``).join(', ')} |`).join('\n')}
`
}
