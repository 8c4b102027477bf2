import { expect, test } from 'vitest'
import { kept, nextExpiryMs, type RetentionRules, type SegmentAge } from './retention.ts'

const segments = [10, 20, 30, 40].map((maxTimestampMs, i) => ({ baseOffset: i * 100, bytes: 1000, maxTimestampMs }))
const all = { retentionMs: -1, retentionBytes: -1 }

function keptFrom(of: readonly SegmentAge[], rules: RetentionRules, nowMs: number): number | 'nothing' {
  const it = kept(of, rules, nowMs)
  return it.kind === 'from' ? it.offset : it.kind
}

test('without limits everything is kept', () => {
  expect(keptFrom(segments, all, 1e9)).toBe(0)
  expect(keptFrom([], all, 0)).toBe(0)
})

test('segments go from the oldest on, once their latest record is older than retention.ms', () => {
  expect(keptFrom(segments, { ...all, retentionMs: 15 }, 35)).toBe(100)
  expect(keptFrom(segments, { ...all, retentionMs: 15 }, 36)).toBe(200)
})

test('the segment that is written to goes as the others do, and nothing is left then', () => {
  expect(keptFrom(segments, { ...all, retentionMs: 0 }, 1e9)).toBe('nothing')
  expect(keptFrom(segments.slice(0, 1), { ...all, retentionMs: 0 }, 1e9)).toBe('nothing')
  expect(keptFrom([{ baseOffset: 7, bytes: 0, maxTimestampMs: -1 }], { retentionMs: 0, retentionBytes: 0 }, 1e9)).toBe(7)
})

test('retention.bytes is what stays at least: a segment goes only if the rest is enough', () => {
  expect(keptFrom(segments, { ...all, retentionBytes: 4000 }, 0)).toBe(0)
  expect(keptFrom(segments, { ...all, retentionBytes: 3001 }, 0)).toBe(0)
  expect(keptFrom(segments, { ...all, retentionBytes: 3000 }, 0)).toBe(100)
  expect(keptFrom(segments, { ...all, retentionBytes: 0 }, 0)).toBe('nothing')
})

test('a segment whose records have no time is kept by time', () => {
  expect(keptFrom([{ ...segments[0]!, maxTimestampMs: -1 }, segments[1]!], { ...all, retentionMs: 0 }, 1e9)).toBe(0)
})

test('the next time at which something may go is that of the first segment', () => {
  expect(nextExpiryMs(segments, { ...all, retentionMs: 15 })).toBe(26)
  expect(keptFrom(segments, { ...all, retentionMs: 15 }, 25)).toBe(0)
  expect(keptFrom(segments, { ...all, retentionMs: 15 }, 26)).toBe(100)
  expect(nextExpiryMs(segments, all)).toBe(Number.POSITIVE_INFINITY)
  expect(nextExpiryMs([], { ...all, retentionMs: 15 })).toBe(Number.POSITIVE_INFINITY)
})
