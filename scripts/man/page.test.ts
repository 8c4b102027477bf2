import { expect, test } from 'vitest'
import { manPage, writtenManPage } from './page.ts'

test('the man page is up to date: node --conditions=@tidemark/source scripts/man/page.ts writes it', async () => {
  expect(writtenManPage()).toBe(await manPage())
})

test('it names every command, and what each takes', async () => {
  const page = await manPage()
  expect(page).toContain('.SS tidemark offsets move [GROUP]')
  expect(page).toContain('.SS tidemark lag [GROUP...]')
  expect(page).not.toContain('__complete')
})
