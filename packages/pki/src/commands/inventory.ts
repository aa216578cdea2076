import { type InventoryRequest, inventory } from '../secrets/inventory.ts'
import type { Report } from './report.ts'
import { table } from './table.ts'

type Options = { dir?: string; root?: string; file: string[]; old?: number }

export async function listSecretFiles(options: Options): Promise<Report> {
  const { dir, root, file, old } = options
  const request: InventoryRequest = {
    files: file,
    ...(dir === undefined ? {} : { authority: dir }),
    ...(root === undefined ? {} : { root }),
    ...(old === undefined ? {} : { oldDays: Math.floor(old / 86_400) }),
  }
  const files = await inventory(request)
  const rows = files.map((one) => [
    ...[one.path, one.component, `${one.owner}:${one.group}`, one.mode],
    ...[one.readBy.join(', ') || 'root', `${one.ageDays} d`, one.warnings.join('; ') || '–'],
  ])
  const warnings = files.filter((one) => one.warnings.length > 0).length
  return {
    text:
      files.length === 0
        ? ['None of the known files is here']
        : [
            ...table(['FILE', 'OF', 'OWNER', 'MODE', 'READ BY', 'AGE', 'WARNINGS'], rows),
            `${files.length} files with secrets, ${warnings} with warnings`,
          ],
    json: { files, warnings },
  }
}
