import { expect, test } from 'vitest'
import { durationMs } from './duration.ts'

test.each<[string, number | undefined]>([
  ['90s', 90_000],
  ['250ms', 250],
  ['PT0.5S', 500],
  ['15m', 900_000],
  ['P', 0],
  ['1h 5m', undefined],
  ['', undefined],
])("the duration '%s'", (text, ms) => {
  expect(durationMs(text)).toBe(ms === 0 ? undefined : ms)
})
