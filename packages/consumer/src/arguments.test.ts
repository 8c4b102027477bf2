import type { Message } from '@tidemark/client'
import { expect, test } from 'vitest'
import { deadLetterOrigin, idempotentFetch, readCompletionMap } from './index.ts'

test.each([undefined, null, 7, {}])('what is given %s instead of what it takes says so', (wrong) => {
  const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' })
  expect(() => readCompletionMap(wrong as unknown as string)).toThrow(refused)
  expect(() => deadLetterOrigin(wrong as unknown as Message)).toThrow(refused)
  expect(() => idempotentFetch(wrong as never)).toThrow(refused)
})
