// Packages of applications and addons, made by the tests.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { apk } from '../guest/apk.ts'

type Files = Record<string, string | Uint8Array>

/** A `.tar.bz2` of these files, those in `hooks/` executable. */
export function tarBz2(files: Files): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'package-'))
  try {
    const inside = join(folder, 'content')
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(inside, name)), { recursive: true })
      writeFileSync(join(inside, name), content, { mode: name.startsWith('hooks/') ? 0o755 : 0o644 })
    }
    execFileSync('tar', ['-C', inside, '-cjf', join(folder, 'package.tar.bz2'), '.'])
    return readFileSync(join(folder, 'package.tar.bz2'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** An APK that the stand-in takes for this package. */
export const appApk = (name: string): Uint8Array =>
  apk({ 'AndroidManifest.xml': `<manifest xmlns:android="a" package="${name}"></manifest>`, 'classes.dex': 'dex' })

const hook = (line: string) => `#!/bin/sh\nset -e\n${line}\n`
/** A hook that notes when it ran, and with what. */
export const noting = (name: string): string =>
  hook(
    `echo "${name} type=$INSTANCE_TYPE old=$CONTAINER_TYPE app=$APP_DIR addon=\${ADDON_DIR-} boot=$BOOT_PACKAGE up=$(getprop sys.boot_completed) code=\${ANBOX_EXIT_CODE-}" >>/data/hooks`,
  )
export { hook }
