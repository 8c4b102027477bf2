import { stampBatch } from '@tidemark/protocol'
import { expect, test } from 'vitest'
import { batchOf } from '../testing/index.ts'
import { cutBatches } from './cut-batches.ts'

const SIZE = batchOf({ values: ['a', 'b', 'c'] }).length
const ALL = 1_000_000

const SEGMENT = { path: 'data/topics/t.00/0/0.log', position: 0, bytes: Infinity, baseOffset: 0, endOffset: 12 }

/** Batches of three records each, one after the other. */
function batches(count: number): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, i) => {
      const batch = batchOf({ values: ['a', 'b', 'c'] })
      stampBatch(batch, 0, i * 3, 0)
      return batch
    }),
  )
}

test('from the batch that holds the offset, as many whole ones as may be', () => {
  expect(cutBatches(batches(4), 4, 100, ALL)).toEqual({ kind: 'found', begin: SIZE, end: 4 * SIZE, nextOffset: 12 })
  expect(cutBatches(batches(4), 4, 100, 2 * SIZE)).toEqual({ kind: 'found', begin: SIZE, end: 3 * SIZE, nextOffset: 9 })
  expect(cutBatches(batches(4), 4, 100, 1)).toEqual({ kind: 'found', begin: SIZE, end: 2 * SIZE, nextOffset: 6 })
  expect(cutBatches(batches(4), 4, 9, ALL)).toEqual({ kind: 'found', begin: SIZE, end: 3 * SIZE, nextOffset: 9 })
})

test('wherever the bytes end, only whole batches are found', () => {
  const whole = batches(3)
  for (let end = SIZE; end < whole.length; end++) {
    expect(cutBatches(whole.subarray(0, end), 0, 100, ALL)).toMatchObject({ kind: 'found', end: end - (end % SIZE) })
  }
})

test('a batch that does not fit is read alone, or passed over', () => {
  const part = batches(1).subarray(0, SIZE - 1)
  expect(cutBatches(part, 1, 100, ALL)).toEqual({ kind: 'larger', begin: 0, size: SIZE })
  expect(cutBatches(part, 3, 100, ALL)).toEqual({ kind: 'further', begin: SIZE })
  expect(cutBatches(part, 0, 0, ALL)).toEqual({ kind: 'beyond' })
})

test('where nothing of it is wanted, the reader goes on behind it', () => {
  expect(cutBatches(batches(2), 6, 100, ALL)).toEqual({ kind: 'further', begin: 2 * SIZE })
  expect(cutBatches(batches(2).subarray(0, SIZE + 5), 3, 100, ALL)).toEqual({ kind: 'further', begin: SIZE })
})

test('bytes that are no batch are damage, never an endless loop', () => {
  expect(() => cutBatches(Buffer.alloc(100), 0, 100, ALL)).toThrow(expect.objectContaining({ code: 'LOG_DAMAGED' }))
  expect(() => cutBatches(Buffer.alloc(0), 0, 100, ALL)).toThrow(expect.objectContaining({ code: 'LOG_DAMAGED' }))
  expect(() => cutBatches(Buffer.alloc(100), 0, 100, ALL, { ...SEGMENT, position: 50 })).toThrow(
    "data/topics/t.00/0/0.log has no whole record batch at byte 50: restore the file from a copy, or delete topic 't'",
  )
  expect(() => cutBatches(batches(1).subarray(0, 8), 0, 100, ALL)).toThrow(expect.objectContaining({ code: 'LOG_DAMAGED' }))
  expect(() => cutBatches(Buffer.concat([batches(1), Buffer.alloc(70)]), 3, 100, ALL)).toThrow(
    expect.objectContaining({ code: 'LOG_DAMAGED' }),
  )
})

test.each([
  ['an offset beyond the segment', 0, 0],
  ['an offset beyond the segment, by little', 7, 100],
  ['a length beyond the file', 9, 0],
  ['an offset below the batch before', SIZE + 7, 3],
  ['a last offset below the first', 23, 0],
])('a batch with %s is damage, not one that lies elsewhere', (_, at, from) => {
  const bytes = batches(4)
  bytes[at] = at === SIZE + 7 ? 1 : 0x80 ^ bytes[at]!
  const cut = () => cutBatches(bytes, from, 12, ALL, { ...SEGMENT, bytes: bytes.length })
  expect(cut).toThrow(expect.objectContaining({ code: 'LOG_DAMAGED' }))
})
