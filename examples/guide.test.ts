/** The guide and the READMEs show the examples as they are: their lines and what they print. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '..')
const blocks = globSync(['docs/guide/**/*.md', 'packages/*/README.md'], { cwd: root }).flatMap((page) => {
  const text = readFileSync(path.join(root, page), 'utf8')
  return [...text.matchAll(/^<!-- from (\S+) -->\n\n```\w+\n([\s\S]*?)^```$/gm)].map(([, file, code]) => [page, file!, code!] as const)
})

/** Indentation aside: a page may show the inside of a block. */
const lines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join('\n')

test('there are such blocks', () => expect(blocks).not.toHaveLength(0))

test.each(blocks)('%s shows %s as it is', (_, file, code) => {
  expect(lines(readFileSync(path.join(root, file), 'utf8'))).toContain(lines(code))
})

test('the README shows first-steps', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
  expect(readme).toContain(readFileSync(path.join(root, 'examples/first-steps/main.ts'), 'utf8'))
})

test('the page of errors has every code of ours', () => {
  const source = readFileSync(path.join(root, 'packages/platform/src/error.ts'), 'utf8')
  const [, union] = /export type OwnErrorCode =([\s\S]*?)\n\n/.exec(source)!
  const codes = [...union!.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code)
  const page = readFileSync(path.join(root, 'docs/guide/events-and-errors.md'), 'utf8')
  expect(codes.filter((code) => !page.includes(`| \`${code}\` `))).toEqual([])
})

const links = globSync(['README*.md', 'docs/**/*.md', 'packages/*/README.md'], { cwd: root }).flatMap((page) => {
  const text = readFileSync(path.join(root, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
  return [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, to]) => [page, to!] as const)
})

test.each(links)('%s: the link to %s leads somewhere', (page, to) => {
  expect(existsSync(path.join(root, path.dirname(page), to))).toBe(true)
})
