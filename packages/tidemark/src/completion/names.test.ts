/** How long a shell waits for the names of a cluster. */
import { expect, test } from 'vitest'
import { patienceMs } from './names.ts'

test.each(['99999999999', 'Infinity', '1e9'])('TIDEMARK_COMPLETION_MS=%s is a minute', (given) => {
  expect(patienceMs(given, 50)).toBe(59_950)
})

test.each(['', '-5', 'abc', '0', undefined])('TIDEMARK_COMPLETION_MS=%s is as if it were not set', (given) => {
  expect(patienceMs(given, 50)).toBe(250)
})
