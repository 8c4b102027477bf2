/** The Chinese pages keep in step with the English ones: headings, code and tables are the same, in the same order. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '..')

/** The skeleton of a page: `##`, whole blocks of code, and a table as its numbers of columns. */
function skeletonOf(page: string): string[] {
  const text = readFileSync(path.join(root, page), 'utf8')
  const parts = text.matchAll(/^```[\s\S]*?^```$|^#+ |^<!-- .* -->$|(?:^\|.*\n)+/gm)
  return [...parts].map(([part]) => (part.startsWith('|') ? tableOf(part) : part.trim()))
}

const tableOf = (table: string): string =>
  table
    .trim()
    .split('\n')
    .map((row) => row.replaceAll('\\|', '').split('|').length - 2)
    .join(' ')

const pages = [
  ['README.md', 'README.zh-CN.md'] as const,
  ...globSync('docs/guide/offsets/*.md', { cwd: root }).map((page) => [page, page.replace('docs/guide/', 'docs/guide/zh-CN/')] as const),
]

test.each(pages)('%s and %s', (english, chinese) => {
  expect(skeletonOf(chinese)).toEqual(skeletonOf(english))
})
