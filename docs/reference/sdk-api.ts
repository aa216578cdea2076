// Makes sdk-api.md from the SDK's public entries: every client with all that hangs on it, every class, every type, and what
// their comments say.
import { join, relative } from 'node:path'
import ts from 'typescript'
import { root } from '../page.ts'

const source = join(root, 'packages/sdk/src')
const clients = { AmsClient: 'ams', LxdClient: 'lxd', GatewayClient: 'gateway', SimpleStreams: 'streams' }

export function sdkApiPage(): string {
  const entries = ['index.ts', 'gateway/browser.ts'].map((file) => join(source, file))
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  const program = ts.createProgram(entries, options)
  const page = new ApiPage(program.getTypeChecker())
  const exported = new Map<string, ts.Symbol>()
  for (const entry of entries)
    for (const [name, symbol] of page.exportsOf(program.getSourceFile(entry))) exported.set(name, symbol)
  const sections = Object.entries(clients).map(([name, variable]) => page.client(name, variable, exported.get(name)))
  const rest = [...exported].filter(([name]) => !(name in clients)).sort(([a], [b]) => (a < b ? -1 : 1))
  const classes = rest.flatMap(([name, symbol]) => page.class(name, symbol))
  const types = rest.flatMap(([name, symbol]) => page.type(name, symbol))
  return `# The SDK's API

<!-- Made by \`npm run generate\`; do not edit. -->

Everything that \`@anbox/sdk\` and its entries export, with what the code's comments say. The types of AMS's, LXD's and the
gateway's own things are made of their descriptions and are not listed; errors have [a page of their own](errors.md).

${sections.join('\n')}
## Classes

${classes.join('\n')}
## Types

${types.join('\n')}`
}

class ApiPage {
  readonly #checker: ts.TypeChecker
  readonly #shown = new Set<string>()

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker
  }

  exportsOf(file: ts.SourceFile | undefined): [string, ts.Symbol][] {
    const module = file && this.#checker.getSymbolAtLocation(file)
    if (!module) return []
    return this.#checker.getExportsOfModule(module).map((symbol) => [symbol.name, this.#resolved(symbol)])
  }

  /** A client, and below it what its properties hold. */
  client(name: string, variable: string, symbol: ts.Symbol | undefined): string {
    if (!symbol) throw new Error(`the SDK exports no ${name}`)
    this.#shown.add(name)
    return `## ${name}\n\n${doc(symbol, this.#checker)}\n\n${this.#members(variable, this.#checker.getDeclaredTypeOfSymbol(symbol))}`
  }

  class(name: string, symbol: ts.Symbol): string[] {
    if (!(symbol.flags & ts.SymbolFlags.Class) || this.#shown.has(name) || name.endsWith('Error')) return []
    this.#shown.add(name)
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol)
    return [`### ${name}\n\n${doc(symbol, this.#checker)}\n\n${this.#table(type)}`]
  }

  type(name: string, symbol: ts.Symbol): string[] {
    const [declaration] = symbol.declarations ?? []
    if (symbol.flags & ts.SymbolFlags.Class || this.#shown.has(name)) return []
    if (!declaration || !ts.isTypeAliasDeclaration(declaration) || !isOurs(declaration)) return []
    return [`### ${name}\n\n${doc(symbol, this.#checker)}\n\n\`\`\`typescript\n${declaration.getText()}\n\`\`\`\n`]
  }

  #members(path: string, type: ts.Type): string {
    this.#shown.add(type.symbol.name)
    const inner = type.getProperties().flatMap((property) => {
      const found = this.#checker.getTypeOfSymbol(property)
      const [declaration] = found.symbol?.declarations ?? []
      const walked = isPublic(property) && declaration && ts.isClassDeclaration(declaration) && isOurs(declaration)
      return walked && property.name !== 'connection' ? [this.#members(`${path}.${property.name}`, found)] : []
    })
    return [`### \`${path}\`\n\n${this.#table(type)}`, ...inner].join('\n')
  }

  #table(type: ts.Type): string {
    const rows = type
      .getProperties()
      .filter(isPublic)
      .flatMap((member) => this.#rows(member))
    return rows.length === 0 ? '' : `| | | |\n| --- | --- | --- |\n${rows.join('\n')}\n`
  }

  #rows(member: ts.Symbol): string[] {
    const type = this.#checker.getTypeOfSymbol(member)
    const signatures = type.getCallSignatures()
    const says = doc(member, this.#checker).replaceAll('|', '\\|').replaceAll('\n', ' ')
    if (signatures.length === 0) {
      const walked = type.symbol?.declarations?.some((one) => ts.isClassDeclaration(one) && isOurs(one))
      return walked && !says ? [] : [row(member.name, this.#name(type), says)]
    }
    return signatures.map((signature) => {
      const parameters = signature.parameters.map((parameter) => {
        const { valueDeclaration } = parameter
        const declared = valueDeclaration && ts.isParameter(valueDeclaration) ? valueDeclaration : undefined
        const optional = declared && (declared.questionToken || declared.initializer) ? '?' : ''
        // What is taken apart in the parameter list has no name of its own.
        const name = /^(?!__)\w+$/.test(parameter.name) ? parameter.name : 'options'
        return `${declared?.dotDotDotToken ? '…' : ''}${name}${optional}`
      })
      return row(`${member.name}(${parameters.join(', ')})`, this.#answer(signature), says)
    })
  }

  /** In the code's own words, which name a type where the checker would spell it out. */
  #answer(signature: ts.Signature): string {
    const declared = signature.getDeclaration()?.type?.getText().replace(/\s+/g, ' ')
    return declared ?? this.#name(signature.getReturnType())
  }

  #name(type: ts.Type): string {
    return this.#checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation).slice(0, 160)
  }

  #resolved(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol
  }
}

const row = (name: string, type: string, says: string): string =>
  `| \`${name}\` | \`${type.replaceAll('|', '\\|')}\` | ${says} |`

function isPublic(member: ts.Symbol): boolean {
  const [declaration] = member.declarations ?? []
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected
  if (declaration && ts.getCombinedModifierFlags(declaration) & hidden) return false
  return !member.name.startsWith('__') && !member.name.startsWith('#')
}

function isOurs(declaration: ts.Declaration): boolean {
  const file = relative(source, declaration.getSourceFile().fileName)
  return !file.startsWith('..') && !file.includes('generated')
}

function doc(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const tags = symbol.getJsDocTags(checker).map(({ name, text }) => `*${name}* ${ts.displayPartsToString(text)}.`)
  return [ts.displayPartsToString(symbol.getDocumentationComment(checker)), ...tags].join(' ').trim()
}
