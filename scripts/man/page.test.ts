import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ENVIRONMENT, manPage, writtenManPage } from './page.ts'

test('the man page is up to date: node --conditions=@tidemark/source scripts/man/page.ts writes it', async () => {
  expect(writtenManPage()).toBe(await manPage())
})

test('it names every command, and what each takes', async () => {
  const page = await manPage()
  expect(page).toContain('.SS tidemark offsets move [GROUP]')
  expect(page).toContain('.SS tidemark lag [GROUP...]')
  expect(page).not.toContain('__complete')
})

test('it names every variable of the environment that the command line reads', () => {
  const base = path.join(import.meta.dirname, '../../packages/tidemark/src')
  const sources = globSync('**/*.ts', { cwd: base })
    .filter((file) => !file.includes('testing') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(path.join(base, file), 'utf8'))
  const named = sources.flatMap((text) => [...text.matchAll(/\b(?:TIDEMARK|SCHEMA_REGISTRY)_[A-Z_]+\b/g)].map(([name]) => name))
  // The demo tells its own processes what to do.
  const read = new Set(named.filter((name) => name !== 'TIDEMARK_DEMO_COUNTER'))
  expect([...read].sort()).toEqual(
    ENVIRONMENT.map(([name]) => name)
      .filter((name) => name !== 'NO_COLOR')
      .sort(),
  )
})
