// `npm run build`: emits every package as JavaScript with declarations into its dist/, and packs it into dist/*.tgz as it
// would be published.
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from './command.ts'
import { SetupError } from './errors.ts'

const root = dirname(import.meta.dirname)
const output = join(root, 'dist')
/** In the order in which they need each other's declarations. */
const packages = ['lxd-api-types', 'sdk', 'pki', 'edge-agent']

export type Packed = { name: string; folder: string; tarball: string }

/** Builds and packs all packages. Throws SetupError with the compiler's words. */
export async function buildPackages(log: (line: string) => void = () => {}): Promise<Packed[]> {
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output)
  const { config } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { config: { pnpm: string } }
  const packed: Packed[] = []
  const paths: Record<string, string[]> = {}
  for (const folder of packages.map((name) => join(root, 'packages', name))) {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string }
    await emit(folder, paths)
    paths[name] = [join(folder, 'dist/index.d.ts')]
    const args = ['--yes', `pnpm@${config.pnpm}`, 'pack', '--json', '--pack-destination', output]
    const { filename } = JSON.parse(await run('npx', args, { cwd: folder })) as { filename: string }
    log(`${name}: ${filename}`)
    packed.push({ name, folder, tarball: filename })
  }
  return packed
}

async function emit(folder: string, paths: Record<string, string[]>): Promise<void> {
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  // A package sees the others as a stranger does: by their declarations.
  const settings = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rootDir: join(folder, 'src'),
      outDir: join(folder, 'dist'),
      typeRoots: [join(root, 'node_modules/@types')],
      paths,
    },
    include: [join(folder, 'src')],
    exclude: [join(folder, 'src/**/*.test.ts')],
  }
  const file = join(output, 'tsconfig.json')
  writeFileSync(file, JSON.stringify(settings))
  await run('tsc', ['-p', file])
  rmSync(file)
  // The compiler writes `.js` into JavaScript and leaves `.ts` in declarations, which a stranger's compiler refuses.
  for (const name of globSync('dist/**/*.d.ts', { cwd: folder })) {
    const path = join(folder, name)
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace(/(from |import\()(['"])(\.[^'"]*)\.ts\2/g, '$1$2$3.js$2'))
  }
}

if (import.meta.main) {
  try {
    await buildPackages((line) => console.log(line))
  } catch (error) {
    console.error(error instanceof SetupError ? `build: ${error.message}` : error)
    process.exitCode = 1
  }
}
