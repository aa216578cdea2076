import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { parse } from 'yaml'
import { convert } from './convert.ts'
import { alwaysSent } from './facts.ts'
import { fixups, repair } from './fixups.ts'
import { generate, target } from './generate.ts'
import { debianSources, origin, readDescription } from './source.ts'
import type { Swagger } from './swagger.ts'

const test = suite('LXD API types')
const committed = await readFile(target, 'utf8')

// Only Debian's archive holds the source package; elsewhere the committed file is checked for what can be known without it.
if ((await debianSources()) === '') {
  test('no Debian sources here, so the committed file is only checked for its named origin', () => {
    assert.ok(committed.includes(origin.archiveSha256) && committed.includes(origin.fileSha256))
  })
} else {
  test('generating again changes nothing', { timeout: 180_000 }, async () => {
    const { text } = await generate()
    // Not assert.equal: a difference would print both files.
    assert.ok(
      text === committed,
      'src/lxd.generated.ts is not what scripts/generate.ts writes: run it and look at the difference',
    )
  })

  test('each fix-up has something to repair, and nothing twice', { timeout: 180_000 }, async () => {
    const text = await readDescription()
    const document = parse(text) as Swagger
    assert.deepEqual(
      [...repair(document).keys()],
      fixups.map((fixup) => fixup.name),
    )
    for (const fixup of fixups.slice(0, 8)) {
      assert.throws(() => repair(document, [fixup]), /changed nothing/, fixup.name)
    }
  })

  test('nothing that a reply always has is thereby demanded of a request', { timeout: 180_000 }, async () => {
    const { definitions, paths } = parse(await readDescription()) as Swagger
    const sent = new Set<string>()
    const look = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return
      for (const [key, value] of Object.entries(node)) {
        const name = key === '$ref' ? String(value).replace('#/definitions/', '') : undefined
        if (name === undefined) look(value)
        else if (!sent.has(name)) look(sent.add(name) && definitions[name])
      }
    }
    for (const action of Object.values(paths).flatMap((item) => Object.values(item))) {
      look(action.parameters?.filter((parameter) => parameter.in === 'body'))
    }
    assert.ok(sent.has('InstancesPost') && sent.has('InstanceSource'))
    assert.deepEqual(
      Object.keys(alwaysSent).filter((name) => sent.has(name)),
      [],
    )
  })

  test('no sentence of the description reaches the types', { timeout: 180_000 }, async () => {
    const sentences = [...(await readDescription()).matchAll(/^\s*(?:description|summary|title): (.{25,})$/gm)]
    assert.ok(sentences.length > 500)
    for (const [, sentence = ''] of sentences) assert.ok(!committed.includes(sentence), sentence)
  })
}

test('the committed file names its origin', () => {
  const head = committed.slice(0, committed.indexOf('export'))
  for (const fact of [
    origin.package,
    origin.version,
    origin.file,
    origin.archiveSha256,
    origin.fileSha256,
    origin.licence,
  ]) {
    assert.ok(head.includes(fact), fact)
  }
})

test('a reference that leads nowhere is refused', () => {
  const responses = { 200: { schema: { $ref: '#/definitions/Gone' } } }
  const document: Swagger = {
    definitions: {},
    responses: {},
    paths: { '/': { get: { operationId: 'api_get', responses } } },
  }
  assert.throws(() => convert(document), /Gone leads nowhere/)
})

test("the machine's Debian sources are found in either form, and no one else's", async () => {
  const etc = await mkdtemp(join(tmpdir(), 'apt-etc-'))
  try {
    await mkdir(join(etc, 'sources.list.d'))
    const modern = 'Types: deb\nURIs: http://mirror.test/debian\nSuites: trixie trixie-updates\nSigned-By: /k.gpg\n'
    const security = 'Types: deb\nURIs: http://mirror.test/security\nSuites: trixie-security\n'
    await writeFile(join(etc, 'sources.list.d/debian.sources'), `${modern}\n${security}`)
    await writeFile(
      join(etc, 'sources.list.d/other.sources'),
      'Types: deb\nURIs: http://other.test/\nSuites: nodistro\n',
    )
    await writeFile(
      join(etc, 'sources.list'),
      'deb [arch=amd64 signed-by=/l.gpg] http://old.test/debian bookworm main contrib\n',
    )
    assert.equal(
      await debianSources(etc),
      'Types: deb-src\nURIs: http://mirror.test/debian\nSuites: bookworm\nComponents: main\nSigned-By: /k.gpg\n\n' +
        'Types: deb-src\nURIs: http://old.test/debian\nSuites: bookworm\nComponents: main\nSigned-By: /l.gpg\n',
    )
  } finally {
    await rm(etc, { recursive: true, force: true })
  }
})
