import { expect, test, vi } from 'vitest'
import { timeOf, timeText } from './time.ts'

const NOW_MS = Date.UTC(2026, 10, 22, 14)

test.each<[string, number]>([
  ['now', NOW_MS],
  ['-1h', NOW_MS - 3_600_000],
  ['-1h30m', NOW_MS - 5_400_000],
  ['-PT1H', NOW_MS - 3_600_000],
  ['-P1DT2H', NOW_MS - 26 * 3_600_000],
  ['2026-11-22T14:00Z', NOW_MS],
  ['2026-11-22T15:00:00+01:00', NOW_MS],
  ['2026-11-22 14:00:00Z', NOW_MS],
  ['2028-02-29', new Date(2028, 1, 29).getTime()],
  ['2026-11-22', new Date(2026, 10, 22).getTime()],
  ['2026-11-22T14:00', new Date(2026, 10, 22, 14).getTime()],
  ['1795356000', NOW_MS],
  ['1795356000000', NOW_MS],
  ['1795356000000000', NOW_MS],
  ['1795356000000000000', NOW_MS],
])('%s', (text, ms) => {
  expect(timeOf('--to', text, NOW_MS).getTime()).toBe(ms)
})

test('a time of Kafka without a zone is UTC, as its own tool reads it', () => {
  expect(timeOf('--to-datetime', '2026-11-22T14:00:00.000', NOW_MS, 'utc').getTime()).toBe(NOW_MS)
  expect(timeOf('--to-datetime', '2026-11-22T14:00:00.000+01:00', NOW_MS, 'utc').getTime()).toBe(NOW_MS - 3_600_000)
})

test.each([
  'soon',
  '',
  '12',
  '-',
  '-1',
  '-1x',
  '-1h junk',
  'PT1H',
  '26-11-22',
  '2026-02-29',
  '2026-02-30T00:00',
  '2026-04-31T12:00Z',
  '2026-13-01',
])("'%s' is refused", (text) => {
  expect(() => timeOf('--to', text, NOW_MS)).toThrow(expect.objectContaining({ code: 'USAGE' }))
})

test('is echoed with its zone, and in UTC', () => {
  vi.stubEnv('TZ', 'Europe/Berlin')
  const text = timeText(new Date(NOW_MS))
  expect(text).toMatch(/^2026-11-2\dT\d\d:\d\d:00[+-]\d\d:\d\d \(2026-11-22T14:00:00\.000Z\)$/)
  expect(new Date(text.split(' ')[0]!).getTime()).toBe(NOW_MS)
  vi.stubEnv('TZ', 'Asia/Tokyo')
  expect(timeText(new Date('9999-12-31T23:59Z'))).toBe('9999-12-31T23:59:00.000Z')
  vi.stubEnv('TZ', 'UTC')
  expect(timeText(new Date(NOW_MS))).toBe('2026-11-22T14:00:00.000Z')
  vi.unstubAllEnvs()
})
