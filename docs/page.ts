// A page of the documentation, as the tests read it: its headings, its links, and its fenced blocks with the mark above each.
//
// Marks are HTML comments, which no reader sees: `<!-- run -->`, `<!-- not run: REASON -->`, `<!-- file: NAME -->` and
// `<!-- prints -->`.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const root = dirname(import.meta.dirname)

export type Block = { line: number; language: string; text: string; mark: string }
export type Page = { file: string; anchors: string[]; links: string[]; blocks: Block[] }

/** Every page of this folder, and the README files. Names are relative to the checkout. */
export const pages: Page[] = ['README.md', 'CONTRIBUTING.md', 'docs/**/*.md', 'packages/*/README.md']
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .sort()
  .map(readPage)

export function readPage(file: string): Page {
  const text = readFileSync(join(root, file), 'utf8')
  const prose = text.replace(/^( *)```.*?^\1```$/gms, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ' '))
  return {
    file,
    anchors: [...text.replace(/^( *)```.*?^\1```$/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      anchor(title),
    ),
    links: [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
    blocks: [
      ...text.matchAll(
        /(?:^ *<!-- (?<mark>.*?) -->\n\n?)?^(?<indent> *)```(?<language>\w*)\n(?<text>.*?)^\k<indent>```$/gms,
      ),
    ].map(({ index, groups: { mark = '', indent = '', language = '', text: inside = '' } = {} }) => ({
      line: text.slice(0, index).split('\n').length,
      language,
      text: inside.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      mark,
    })),
  }
}

/** As the usual renderers make an anchor of a heading. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}
