/** The contract of a log: run for each implementation. */
import { BATCH_HEADER_BYTES, batchesIn, emptyBatch, lastOffsetOf, readBatchHeader, stampBatch } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { type BatchWish, batchOf } from '../testing/index.ts'
import type { Log, LogLimits, RewriteRules } from './log.ts'

export interface Opened {
  readonly log: Log
  readonly checkpoints: () => number
}

/** Appends at the end, as a partition does. */
export async function append(log: Log, wish: BatchWish = {}): Promise<void> {
  const batch = batchOf(wish)
  stampBatch(batch, 0, log.end, 0)
  await log.append(batch, readBatchHeader(batch))
}

export async function offsetsIn(log: Log, from: number, upTo = log.end, bytesMax = 1e6): Promise<number[]> {
  const found = Buffer.concat(await log.read(from, upTo, bytesMax))
  const offsets: number[] = []
  for (let at = 0; at < found.length; ) {
    const header = readBatchHeader(found, at)
    offsets.push(header.baseOffset)
    at += header.size
  }
  return offsets
}

/** Those of all batches from the one that holds `from`, however many reads that takes. */
export async function allOffsetsIn(log: Log, from: number): Promise<number[]> {
  const offsets: number[] = []
  for (let next = from; next < log.end; ) {
    for (const bytes of await log.read(next, log.end, 1e6)) {
      for (const { header } of batchesIn(bytes)) {
        offsets.push(header.baseOffset)
        next = lastOffsetOf(header) + 1
      }
    }
  }
  return offsets
}

const SIZE = batchOf({ values: ['a', 'b', 'c'] }).length

export function logContract(name: string, open: (limits: LogLimits) => Promise<Opened>): void {
  const opened = (segmentBytesMax = 1e9): Promise<Opened> => open({ segmentBytesMax })

  describe(name, () => {
    test('a roll begins a new segment, so that all before it can be forgotten; of an empty segment it is none', async () => {
      const { log } = await opened()
      log.roll()
      for (let i = 0; i < 3; i++) await append(log)
      log.roll()
      log.roll()
      await append(log, { values: ['a', 'b'] })
      expect((await log.segments()).map(({ baseOffset }) => baseOffset)).toEqual([0, 3])
      log.trim(3)
      expect([log.start, log.end]).toEqual([3, 5])
      expect(await offsetsIn(log, 0)).toEqual([3])
    })

    test('a new log is empty and begins at 0', async () => {
      const { log } = await opened()
      expect([log.start, log.end, log.bytes]).toEqual([0, 0, 0])
      expect(await log.read(0, 0, 100)).toEqual([])
      expect(await log.latest()).toBeUndefined()
    })

    test('what was appended is read back, byte for byte', async () => {
      const { log } = await opened()
      const batch = batchOf({ values: ['a', 'b'] })
      const before = Buffer.from(batch)
      await log.append(batch, readBatchHeader(batch))
      expect(log.end).toBe(2)
      expect(Buffer.concat(await log.read(0, 2, 1e6))).toEqual(before)
    })

    test('a read begins with the whole batch that holds the offset (trap 20)', async () => {
      const { log } = await opened()
      for (let i = 0; i < 5; i++) await append(log, { values: ['a', 'b', 'c'] })
      expect(await offsetsIn(log, 7)).toEqual([6, 9, 12])
      expect(await offsetsIn(log, 6)).toEqual([6, 9, 12])
      expect(await offsetsIn(log, 14)).toEqual([12])
    })

    test('at least one batch is read however few bytes are asked for, and no more than are', async () => {
      const { log } = await opened()
      for (let i = 0; i < 5; i++) await append(log, { values: ['a', 'b', 'c'] })
      expect(await offsetsIn(log, 0, log.end, 1)).toEqual([0])
      expect(await offsetsIn(log, 0, log.end, 2 * SIZE)).toEqual([0, 3])
      expect(await offsetsIn(log, 0, log.end, 3 * SIZE - 1)).toEqual([0, 3])
    })

    test('nothing at or above the bound is read', async () => {
      const { log } = await opened()
      for (let i = 0; i < 5; i++) await append(log, { values: ['a', 'b', 'c'] })
      expect(await offsetsIn(log, 0, 6)).toEqual([0, 3])
      expect(await offsetsIn(log, 6, 6)).toEqual([])
    })

    test('a batch larger than any read is read whole', async () => {
      const { log } = await opened()
      await append(log)
      await append(log, { values: ['x'.repeat(300_000)] })
      await append(log)
      expect(await offsetsIn(log, 1, log.end, 10)).toEqual([1])
      expect(await offsetsIn(log, 0, log.end, 500_000)).toEqual([0, 1, 2])
    })

    test('every offset is found over many segments, and the owner is told to save at each roll', async () => {
      const { log, checkpoints } = await opened(4 * SIZE)
      for (let i = 0; i < 30; i++) await append(log, { values: ['a', 'b', 'c'] })
      expect((await log.segments()).length).toBe(8)
      expect(checkpoints()).toBe(7)
      for (let offset = 0; offset < 90; offset++) expect((await offsetsIn(log, offset))[0]).toBe(offset - (offset % 3))
    })

    test('trim forgets whole segments below the offset, never the last one', async () => {
      const { log } = await opened(4 * SIZE)
      for (let i = 0; i < 10; i++) await append(log, { values: ['a', 'b', 'c'] })
      log.trim(13)
      expect([log.start, log.end]).toEqual([12, 30])
      expect(log.bytes).toBe(6 * SIZE)
      expect((await offsetsIn(log, 12))[0]).toBe(12)
      log.trim(1000)
      expect(log.start).toBe(24)
    })

    test('times that are not in order: nothing of that time or later lies before what seekTime says (trap 29)', async () => {
      const { log } = await opened(3 * SIZE)
      const times = [50, 10, 90, 20, 20, 70, 100, 5]
      for (const time of times) await append(log, { values: ['a', 'b', 'c'], timesMs: [time, time - 5, time - 3] })
      for (let asked = 0; asked <= 105; asked++) {
        const from = await log.seekTime(asked)
        const first = times.findIndex((t) => t >= asked)
        expect(from).toBeLessThanOrEqual(first < 0 ? log.end : first * 3)
      }
      expect(await log.seekTime(101)).toBe(log.end)
      expect(await log.latest()).toEqual({ timestampMs: 100, baseOffset: 18 })
    })

    test('a sealed log forgets all of it, and goes on at its end', async () => {
      const { log } = await opened()
      for (let i = 0; i < 3; i++) await append(log)
      await log.seal()
      await log.seal()
      log.trim(3)
      expect([log.start, log.end, log.bytes]).toEqual([3, 3, 0])
      await append(log)
      expect(await offsetsIn(log, 3)).toEqual([3])
    })

    test('a segment is full when its records span more time than it may', async () => {
      const { log } = await open({ segmentBytesMax: 1e9, segmentMsMax: 100 })
      for (const time of [1000, 1050, 1100, 1101, 1190, 5000]) await append(log, { timesMs: [time] })
      expect((await log.segments()).map(({ baseOffset }) => baseOffset)).toEqual([0, 3, 5])
    })

    describe('rewrite', () => {
      const goesOn = async (): Promise<boolean> => true
      /** Keeps the batches at these offsets, and what has to stay. */
      const keeping = (...offsets: number[]): RewriteRules => ({
        rewrite: (batch, header, staysInPlace) =>
          offsets.includes(header.baseOffset) ? batch : staysInPlace ? emptyBatch(header) : undefined,
        goesOn,
      })

      test('leaves out batches of sealed segments, whose offsets stay, and merges what became small', async () => {
        const { log } = await opened(4 * SIZE)
        for (let i = 0; i < 14; i++) await append(log, { values: ['a', 'b', 'c'], timesMs: [i, i, i] })
        await log.rewrite(24, keeping(3, 15))
        expect((await log.segments()).map(({ baseOffset }) => baseOffset)).toEqual([0, 12, 24, 36])
        expect(await allOffsetsIn(log, 0)).toEqual([3, 9, 15, 21, 24, 27, 30, 33, 36, 39])
        expect(await allOffsetsIn(log, 4)).toEqual([3, 9, 15, 21, 24, 27, 30, 33, 36, 39])
        expect(await allOffsetsIn(log, 6)).toEqual([9, 15, 21, 24, 27, 30, 33, 36, 39])
        await log.rewrite(36, keeping(3, 15, 24))
        expect((await log.segments()).map(({ baseOffset }) => baseOffset)).toEqual([0, 24, 36])
        expect(await allOffsetsIn(log, 0)).toEqual([3, 15, 21, 24, 33, 36, 39])
        expect([log.start, log.end]).toEqual([0, 42])
        expect(log.bytes).toBe(5 * SIZE + 2 * BATCH_HEADER_BYTES)
      })

      test('finds nothing by the time of a batch without records', async () => {
        const { log } = await opened(2 * SIZE)
        for (let i = 0; i < 4; i++) await append(log, { values: ['a', 'b', 'c'], timesMs: [100 - i, 100 - i, 100 - i] })
        await log.rewrite(6, keeping())
        expect(await log.latest()).toEqual({ timestampMs: 98, baseOffset: 6 })
      })

      test('never touches the segment that is written to, and stops where it is told to', async () => {
        const { log } = await opened(2 * SIZE)
        for (let i = 0; i < 6; i++) await append(log, { values: ['a', 'b', 'c'] })
        await log.rewrite(1000, { ...keeping(), goesOn: async () => false })
        expect((await allOffsetsIn(log, 12))[0]).toBe(12)
        await log.rewrite(1000, keeping())
        expect(await allOffsetsIn(log, 0)).toEqual([3, 9, 12, 15])
      })

      test('what was trimmed meanwhile does not come back', async () => {
        const { log } = await opened(2 * SIZE)
        for (let i = 0; i < 6; i++) await append(log, { values: ['a', 'b', 'c'] })
        const rewriting = log.rewrite(12, {
          ...keeping(0),
          goesOn: async () => {
            log.trim(12)
            return true
          },
        })
        log.trim(6)
        await rewriting
        expect(log.start).toBe(12)
        expect(await allOffsetsIn(log, 0)).toEqual([12, 15])
      })
    })

    test('of several batches with the latest time the first counts', async () => {
      const { log } = await opened()
      for (const time of [10, 30, 30, 20]) await append(log, { timesMs: [time] })
      expect(await log.latest()).toEqual({ timestampMs: 30, baseOffset: 1 })
    })
  })
}
