import { expect, test } from 'vitest'
import { apisPage, writtenApisPage } from './page.ts'

test('docs/apis.md is up to date: node --conditions=@tidemark/source scripts/apis/page.ts writes it', () => {
  expect(writtenApisPage()).toBe(apisPage())
})
