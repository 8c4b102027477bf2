import { expect, test } from 'vitest'
import { placeOf } from './place.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 14)

test.each<[string, unknown]>([
  ['start', 'earliest'],
  ['beginning', 'earliest'],
  ['oldest', 'earliest'],
  ['newest', 'latest'],
  ['end', 'latest'],
  ['0', 0],
  ['9007199254740991', 9_007_199_254_740_991],
  ['@2026-11-22T14:00Z', new Date(NOW_MS)],
  ['@-1h', new Date(NOW_MS - 3_600_000)],
])('%s', (text, place) => {
  expect(placeOf('--from', text, NOW_MS)).toEqual(place)
})

test.each<[string, string, RegExp]>([
  ['soon', 'USAGE', /'soon' is not a place in a log/],
  ['@soon', 'USAGE', /'soon' of --from is not a time/],
  ['-1', 'INVALID_ARGUMENT', /the offset of --from is -1/],
  ['9007199254740993', 'INVALID_ARGUMENT', /the offset of --from/],
  ['@0001-01-01T00:00Z', 'INVALID_ARGUMENT', /the time of --from is 0001-01-01/],
  ['@-99999d', 'INVALID_ARGUMENT', /the time of --from/],
  ['@-99999999999999d', 'INVALID_ARGUMENT', /the time of --from is an invalid Date/],
])('%s is refused', (text, code, message) => {
  expect(() => placeOf('--from', text, NOW_MS)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))
})
