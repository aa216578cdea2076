// The SDK and the drivers as an installed package has them: JavaScript, types gone. Run from TypeScript, Node would load
// its type stripper first, which costs more time and memory than the SDK itself.
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '../../..')

/** Writes `drivers/` and the `node_modules/` that they and `import('@anbox/sdk')` find into the folder. */
export function publish(folder: string): void {
  const modules = join(folder, 'node_modules')
  emit(join(root, 'packages/sdk/src'), join(modules, '@anbox/sdk/dist'))
  const sdk = { name: '@anbox/sdk', type: 'module', exports: './dist/index.js' }
  writeFileSync(join(modules, '@anbox/sdk/package.json'), JSON.stringify(sdk))
  for (const name of ['undici', 'ws']) {
    symlinkSync(realpathSync(join(root, 'packages/sdk/node_modules', name)), join(modules, name))
  }
  emit(join(import.meta.dirname, '../drivers'), join(folder, 'drivers'))
  cpSync(join(import.meta.dirname, '../drivers/pylxd_driver.py'), join(folder, 'drivers/pylxd_driver.py'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
}

function emit(from: string, to: string): void {
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(from, file), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2024,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    })
    const target = join(to, file.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, outputText)
  }
}
