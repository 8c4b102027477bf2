import { expect, test } from 'vitest'
import { MemoryPool } from './memory-pool.ts'

test('memory that came back is given out again, in the size that is asked for', () => {
  const pool = new MemoryPool(1e6)
  const first = pool.take(100_000)
  expect([first.length, first.buffer.byteLength]).toEqual([100_000, 131_072])
  pool.give(first)
  const second = pool.take(70_000)
  expect(second.length).toBe(70_000)
  expect(second.buffer).toBe(first.buffer)
  expect(pool.take(70_000).buffer).not.toBe(first.buffer)
})

test('small frames are not pooled, and no more is kept than the limit', () => {
  const pool = new MemoryPool(300_000)
  pool.give(pool.take(1000))
  expect(pool.bytes).toBe(0)
  const many = Array.from({ length: 5 }, () => pool.take(131_072))
  for (const frame of many) pool.give(frame)
  expect(pool.bytes).toBe(262_144)
  const none = new MemoryPool(0)
  none.give(none.take(131_072))
  expect(none.bytes).toBe(0)
})

test('only what was lent is taken back, and once', () => {
  const pool = new MemoryPool(1e6)
  pool.give(Buffer.allocUnsafeSlow(131_072))
  expect(pool.bytes).toBe(0)
  const piece = pool.take(131_072)
  pool.give(piece.subarray(1000, 2000))
  pool.give(piece)
  expect(pool.bytes).toBe(131_072)
  pool.take(131_072)
  expect(pool.take(131_072).buffer).not.toBe(piece.buffer)
})
