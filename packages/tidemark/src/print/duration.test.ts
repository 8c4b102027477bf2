import { expect, test } from 'vitest'
import { durationMs, durationOf, durationText } from './duration.ts'

test.each([
  [0, '0ms'],
  [350.4, '350ms'],
  [5_249, '5.2s'],
  [65_000, '1m 5s'],
  [120_000, '2m'],
  [12_000_000, '3h 20m'],
  [187_200_000, '2d 4h'],
])('%d ms is %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

test('what is typed has a unit', () => {
  expect(['250ms', '1.5s', '5m', '2h', '7d'].map(durationMs)).toEqual([250, 1_500, 300_000, 7_200_000, 604_800_000])
  expect(['1h30m', 'PT1H30M', 'P1DT2H', 'PT0.5S'].map(durationMs)).toEqual([5_400_000, 5_400_000, 93_600_000, 500])
  expect(['5', 'm', '-5m', '5 m', '1h 5m'].map(durationMs)).toEqual([undefined, undefined, undefined, undefined, undefined])
  expect(() => durationOf('--fail-over', 'soon')).toThrow("--fail-over is 'soon'")
})
