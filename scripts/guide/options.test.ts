/** The page of options is what the docstrings say, and these say enough. */
import { expect, test } from 'vitest'
import { optionsOf, optionsPage, TABLES, writtenPage } from './options.ts'

test('docs/guide/options.md is up to date: node scripts/guide/options.ts writes it', () => {
  expect(writtenPage()).toBe(optionsPage())
})

test.each(TABLES)('every option of $type says what it is', (table) => {
  expect(optionsOf(table)).not.toHaveLength(0)
  expect(optionsOf(table).filter(({ text }) => text === '')).toEqual([])
  expect(optionsOf(table).filter(({ text }) => /unless (it is )?given/i.test(text))).toEqual([]) // the word is `Default:`
})
