import { expect, test } from 'vitest'
import { keptFrom } from './retention.ts'

const segments = [10, 20, 30, 40].map((maxTimestampMs, i) => ({ baseOffset: i * 100, bytes: 1000, maxTimestampMs }))
const all = { retentionMs: -1, retentionBytes: -1 }

test('without limits everything is kept', () => {
  expect(keptFrom(segments, all, 1e9)).toBe(0)
  expect(keptFrom([], all, 0)).toBe(0)
})

test('segments go from the oldest on, once their latest record is older than retention.ms', () => {
  expect(keptFrom(segments, { ...all, retentionMs: 15 }, 35)).toBe(100)
  expect(keptFrom(segments, { ...all, retentionMs: 15 }, 36)).toBe(200)
})

test('the segment that is written to stays, however old', () => {
  expect(keptFrom(segments, { ...all, retentionMs: 0 }, 1e9)).toBe(300)
  expect(keptFrom(segments.slice(0, 1), { ...all, retentionMs: 0 }, 1e9)).toBe(0)
})

test('retention.bytes is what stays at least: a segment goes only if the rest is enough', () => {
  expect(keptFrom(segments, { ...all, retentionBytes: 4000 }, 0)).toBe(0)
  expect(keptFrom(segments, { ...all, retentionBytes: 3001 }, 0)).toBe(0)
  expect(keptFrom(segments, { ...all, retentionBytes: 3000 }, 0)).toBe(100)
  expect(keptFrom(segments, { ...all, retentionBytes: 0 }, 0)).toBe(300)
})

test('a segment whose records have no time is kept by time', () => {
  expect(keptFrom([{ ...segments[0]!, maxTimestampMs: -1 }, segments[1]!], { ...all, retentionMs: 0 }, 1e9)).toBe(0)
})
