import { sha256 } from '@tidemark/platform'
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  buildBatch,
  COMPRESSIONS,
  type Compression,
  deleteHorizonOf,
  hasRightCrc,
  lastOffsetOf,
  RecordCursor,
  type RecordToWrite,
  readBatchHeader,
} from '@tidemark/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { text } from '../../testing/index.ts'
import { type Compaction, compactBatch, dirtyPart } from './compact.ts'
import { OffsetMap } from './offset-map.ts'

type Wish = readonly [key: string, value: string | null]

const recordOf = ([key, value]: Wish, i: number): RecordToWrite => ({
  key: text(key),
  value: value === null ? null : text(value),
  headers: [{ key: 'h', value: text(key) }],
  timestampMs: 1000 + i,
})

function batchAt(baseOffset: number, wishes: readonly Wish[], compression: Compression = 'none'): Buffer {
  return Buffer.from(
    buildBatch(wishes.map(recordOf), { baseOffset, compression, producerId: 7n, producerEpoch: 1, baseSequence: baseOffset }),
  )
}

/** `last`: the last offset of each key. */
function compactionOf(last: Readonly<Record<string, number>>, of: Partial<Compaction> = {}): Compaction {
  const offsets = new OffsetMap(100, 1e6, sha256)
  for (const [key, offset] of Object.entries(last).sort((a, b) => a[1] - b[1])) offsets.put(text(key), offset)
  return { offsets, nowMs: 5000, deleteRetentionMs: 100, endsProducer: () => false, ...of }
}

interface Shown {
  readonly offset: number
  readonly key: string
  readonly value: string | undefined
  readonly timestampMs: number
  readonly header: string | undefined
}

function recordsIn(batch: Buffer): Shown[] {
  const header = readBatchHeader(batch)
  expect(header.size).toBe(batch.length)
  expect(hasRightCrc(batch, 0, batch.length)).toBe(true)
  const cursor = new RecordCursor(batch, header)
  const found: Shown[] = []
  while (cursor.next()) {
    const { offset, timestampMs } = cursor
    found.push({
      offset,
      key: String(cursor.key),
      value: cursor.value?.toString(),
      timestampMs,
      header: cursor.headers()[0]?.value?.toString(),
    })
  }
  return found
}

const compacted = (batch: Buffer, compaction: Compaction, staysInPlace = false): Buffer | undefined =>
  compactBatch(batch, readBatchHeader(batch), staysInPlace, compaction)

describe('a batch', () => {
  test.each(COMPRESSIONS)('keeps the last record of each key, where it was, as it was (%s)', (compression) => {
    const batch = batchAt(
      10,
      [
        ['a', '1'],
        ['b', '2'],
        ['a', '3'],
        ['c', '4'],
      ],
      compression,
    )
    const left = compacted(batch, compactionOf({ b: 11, a: 12, c: 20 }))!
    expect(recordsIn(left)).toEqual([
      { offset: 11, key: 'b', value: '2', timestampMs: 1001, header: 'b' },
      { offset: 12, key: 'a', value: '3', timestampMs: 1002, header: 'a' },
    ])
    const before = readBatchHeader(batch)
    const { baseOffset, lastOffsetDelta, producerId, producerEpoch, baseSequence, attributes, maxTimestamp } = readBatchHeader(left)
    expect({ baseOffset, lastOffsetDelta, producerId, producerEpoch, baseSequence, attributes }).toEqual({
      baseOffset: 10,
      lastOffsetDelta: 3,
      producerId: 7n,
      producerEpoch: 1,
      baseSequence: 10,
      attributes: before.attributes,
    })
    expect(maxTimestamp).toBe(1002)
  })

  test('of which all stays is the same bytes', () => {
    const batch = batchAt(10, [
      ['a', '1'],
      ['b', '2'],
    ])
    expect(compacted(batch, compactionOf({ a: 10, b: 11 }))).toBe(batch)
  })

  test('of which nothing stays goes, unless it ends its segment or its producer would be forgotten', () => {
    const batch = batchAt(10, [
      ['a', '1'],
      ['b', '2'],
    ])
    const last = { a: 20, b: 21 }
    expect(compacted(batch, compactionOf(last))).toBeUndefined()
    for (const left of [compacted(batch, compactionOf(last), true)!, compacted(batch, compactionOf(last, { endsProducer: () => true }))!]) {
      expect(left.length).toBe(BATCH_HEADER_BYTES)
      expect(recordsIn(left)).toEqual([])
      const header = readBatchHeader(left)
      expect([lastOffsetOf(header), header.baseSequence, header.producerId, header.maxTimestamp]).toEqual([11, 10, 7n, 1001])
      expect(compacted(left, compactionOf(last), true)).toBe(left)
      expect(compacted(left, compactionOf(last))).toBeUndefined()
    }
  })

  test('records behind what the map has seen stay', () => {
    expect(
      recordsIn(
        compacted(
          batchAt(10, [
            ['a', '1'],
            ['a', '2'],
            ['z', '3'],
          ]),
          compactionOf({ a: 11 }),
        )!,
      ),
    ).toMatchObject([{ offset: 11 }, { offset: 12 }])
  })

  test('a tombstone stays until delete.retention.ms after it was first compacted (KIP-534)', () => {
    const batch = batchAt(10, [
      ['a', null],
      ['b', '2'],
      ['c', 'x'],
    ])
    const last = { a: 10, b: 11, c: 12 }
    const once = compacted(batch, compactionOf(last))!
    expect(deleteHorizonOf(readBatchHeader(once))).toBe(5100)
    expect(recordsIn(once)).toMatchObject([
      { offset: 10, value: undefined, timestampMs: 1000 },
      { offset: 11, timestampMs: 1001 },
      { offset: 12 },
    ])
    expect(compacted(once, compactionOf(last, { nowMs: 5099 }))).toBe(once)
    const later = compacted(once, compactionOf(last, { nowMs: 5100 }))!
    expect(recordsIn(later)).toMatchObject([
      { offset: 11, timestampMs: 1001 },
      { offset: 12, timestampMs: 1002 },
    ])
    expect(deleteHorizonOf(readBatchHeader(later))).toBe(5100)
  })

  test('a broker time stays the time of all its records', () => {
    const batch = Buffer.from(
      buildBatch(
        [
          ['a', '1'],
          ['b', null],
        ].map((w, i) => recordOf(w as unknown as Wish, i)),
        { logAppendTime: true },
      ),
    )
    const left = compacted(batch, compactionOf({ b: 1, a: 5 }))!
    expect(recordsIn(left)).toMatchObject([{ key: 'b', timestampMs: 1001 }])
  })

  test('a record without a key goes: nothing could ever replace it', () => {
    const batch = Buffer.from(buildBatch([{ key: null, value: text('v'), timestampMs: 1 }, recordOf(['a', 'v'], 0)]))
    expect(recordsIn(compacted(batch, compactionOf({ a: 1 }))!)).toMatchObject([{ offset: 1 }])
  })
})

test('whatever is compacted how often, and with however little memory, the last value of every key is what it was', () => {
  const value = fc.option(fc.constantFrom('x', 'y', 'z'), { nil: null, freq: 3 })
  const wish = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), value)
  const log = fc.array(fc.tuple(fc.array(wish, { minLength: 1, maxLength: 6 }), fc.constantFrom(...COMPRESSIONS)), { maxLength: 12 })
  fc.assert(
    fc.property(log, fc.array(fc.tuple(fc.nat(12), fc.nat(400)), { maxLength: 5 }), (wishes, rounds) => {
      let end = 0
      let batches = wishes.map(([records, compression]) => {
        const batch = batchAt(end, records, compression)
        end += records.length
        return batch
      })
      const fold = (): Map<string, string> => {
        const state = new Map<string, string>()
        for (const { key, value: v } of batches.flatMap(recordsIn)) v === undefined ? state.delete(key) : state.set(key, v)
        return state
      }
      const before = fold()
      for (const [count, nowMs] of rounds) {
        const dirty = batches.slice(0, count)
        const offsets = new OffsetMap(4, 1e6, sha256)
        for (const { offset, key } of dirty.flatMap(recordsIn)) if (!offsets.put(text(key), offset)) break
        const compaction = { offsets, nowMs, deleteRetentionMs: 100, endsProducer: (h: BatchHeader) => h.baseOffset % 3 === 0 }
        batches = batches.flatMap((batch, i) => (i < count ? (compacted(batch, compaction, i === count - 1) ?? []) : batch))
        const bases = batches.map((batch) => readBatchHeader(batch).baseOffset)
        expect(bases).toEqual([...bases].sort((a, b) => a - b))
        expect(fold()).toEqual(before)
      }
    }),
  )
})

describe('what is compacted', () => {
  const segments = [100, 200, 300, 400].map((maxTimestampMs, i) => ({ baseOffset: i * 10, bytes: 1000, maxTimestampMs }))
  const rules = { minCompactionLagMs: 0, maxCompactionLagMs: Number.POSITIVE_INFINITY, minCleanableDirtyRatio: 0.5 }

  test('all but the segment that is written to, from where the last compaction ended', () => {
    expect(dirtyPart(segments, 0, rules, 1000)).toEqual({ from: 0, upTo: 30, ratio: 1 })
    expect(dirtyPart(segments, 10, rules, 1000)).toEqual({ from: 10, upTo: 30, ratio: 2 / 3 })
    expect(dirtyPart(segments.slice(3), 0, rules, 1000)).toBeUndefined()
    expect(dirtyPart(segments, 30, rules, 1000)).toBeUndefined()
  })

  test('only if more of it is dirty than min.cleanable.dirty.ratio, or a record has waited for max.compaction.lag.ms', () => {
    expect(dirtyPart(segments, 20, rules, 1000)).toBeUndefined()
    expect(dirtyPart(segments, 20, { ...rules, maxCompactionLagMs: 700 }, 1000)).toBeUndefined()
    expect(dirtyPart(segments, 20, { ...rules, maxCompactionLagMs: 699 }, 1000)).toMatchObject({ from: 20, upTo: 30 })
    expect(dirtyPart(segments, 20, { ...rules, minCleanableDirtyRatio: 0.3 }, 1000)).toMatchObject({ from: 20, upTo: 30 })
  })

  test('nothing from the first segment on that holds a record younger than min.compaction.lag.ms', () => {
    expect(dirtyPart(segments, 0, { ...rules, minCompactionLagMs: 800 }, 1000)).toMatchObject({ from: 0, upTo: 20 })
    expect(dirtyPart(segments, 0, { ...rules, minCompactionLagMs: 901 }, 1000)).toBeUndefined()
  })

  test('a place that the log does not have means that nothing was compacted', () => {
    expect(dirtyPart(segments, 35, rules, 1000)).toMatchObject({ from: 0 })
    expect(dirtyPart(segments.slice(1), 5, rules, 1000)).toMatchObject({ from: 10 })
  })
})
