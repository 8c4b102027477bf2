/** The contract of a log: run for each implementation. */
import { readBatchHeader, stampBatch } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { type BatchWish, batchOf } from '../testing/index.ts'
import type { Log, LogLimits } from './log.ts'

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

    test('of several batches with the latest time the first counts', async () => {
      const { log } = await opened()
      for (const time of [10, 30, 30, 20]) await append(log, { timesMs: [time] })
      expect(await log.latest()).toEqual({ timestampMs: 30, baseOffset: 1 })
    })
  })
}
