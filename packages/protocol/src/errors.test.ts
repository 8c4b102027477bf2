import { expect, test } from 'vitest'
import { allErrors, ErrorCode, errorOf } from './errors.ts'

test('every code from -1 on has one row, a name of its own and a text', () => {
  expect(allErrors.map((e) => e.code)).toEqual(Array.from({ length: allErrors.length }, (_, i) => i - 1))
  expect(new Set(allErrors.map((e) => e.name)).size).toBe(allErrors.length)
  for (const error of allErrors) expect(error.text.length).toBeGreaterThan(5)
})

// Spot checks against org.apache.kafka.common.protocol.Errors.
test.each([
  [6, 'NOT_LEADER_OR_FOLLOWER', true],
  [25, 'UNKNOWN_MEMBER_ID', false],
  [27, 'REBALANCE_IN_PROGRESS', false],
  [56, 'KAFKA_STORAGE_ERROR', true],
  [100, 'UNKNOWN_TOPIC_ID', true],
] as const)('%i is %s', (code, name, retriable) => {
  expect(errorOf(code)).toMatchObject({ name, retriable })
  expect(ErrorCode[name]).toBe(code)
})

test('a code from the future counts as UNKNOWN_SERVER_ERROR', () => {
  expect(errorOf(9_999).name).toBe('UNKNOWN_SERVER_ERROR')
})
