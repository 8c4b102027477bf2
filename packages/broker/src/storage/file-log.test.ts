import { lastOffsetOf, readBatchHeader, stampBatch } from '@tidemark/protocol'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { batchOf, slowDisk } from '../testing/index.ts'
import { folder, NAME, type OpenedStore, openLog, openStore, reads } from './file-store.case.ts'
import type { FileStoreOptions } from './file-store.ts'
import { append, logContract } from './log.case.ts'
import type { Log } from './log.ts'
import { Segment } from './segment.ts'
import { SegmentIndex } from './segment-index.ts'

for (const fsync of ['never', 'interval', 'always'] as const) {
  logContract(`a log in a folder, fsync ${fsync}`, async (limits) => {
    const { store } = await openStore(folder(), { fsync })
    let count = 0
    const log = await store.open(NAME, limits, { onCheckpoint: () => count++ })
    return { log, checkpoints: () => count }
  })
}

logContract('a log on a disk that finishes nothing within the call', async (limits) => {
  const { store } = await openStore(folder(), { disk: slowDisk() })
  let count = 0
  const log = await store.open(NAME, limits, { onCheckpoint: () => count++ })
  return { log, checkpoints: () => count }
})

test('a batch keeps the leader epoch it was stamped with', async () => {
  const { store } = await openStore(folder())
  const log = await openLog(store)
  const batch = batchOf()
  stampBatch(batch, 0, 0, 7)
  await log.append(batch, readBatchHeader(batch))
  expect(readBatchHeader((await log.read(0, 1, 1000))[0]!).leaderEpoch).toBe(7)
})

test('the memory of a large read is used again once it is released, and not before', async () => {
  const { store } = await openStore(folder(), { readMemoryBytesMax: 1e6 })
  const log = await openLog(store)
  for (let i = 0; i < 3; i++) await append(log, { values: ['x'.repeat(100_000)] })
  const read = async (from: number): Promise<Buffer> => (await log.read(from, log.end, 100_000))[0]!
  const first = await read(0)
  const copy = Buffer.from(first)
  const second = await read(1)
  expect(second.buffer).not.toBe(first.buffer)
  expect(first).toEqual(copy)
  store.release(first)
  expect((await read(2)).buffer).toBe(first.buffer)
})

describe('reading ahead', () => {
  const BYTES = 100_000
  /** One batch of that, and not two. */
  const LIMIT = 110_000
  const ofMuch = { readMemoryBytesMax: 8e6, readAheadBytesMax: 1e6 }

  async function filled(batches: number, options: Partial<FileStoreOptions>): Promise<OpenedStore & { readonly log: Log }> {
    const opened = await openStore(folder(), { ...ofMuch, ...options })
    const log = await openLog(opened.store)
    for (let i = 0; i < batches; i++) await append(log, { values: [String(i % 10).repeat(BYTES)] })
    return { ...opened, log }
  }

  test('who reads much finds the next bytes read already, and they are the right ones', async () => {
    const { store, disk, log } = await filled(10, {})
    let from = 0
    for (let i = 0; i < 10; i++) {
      const [found] = await log.read(from, log.end, LIMIT)
      expect(readBatchHeader(found!).baseOffset).toBe(i)
      expect(String(found!.subarray(-100, -90))).toBe(String(i).repeat(10))
      from = lastOffsetOf(readBatchHeader(found!)) + 1
      store.release(found!)
      // The read behind this one has begun, if there is anything to read.
      expect(reads(disk).length).toBe(Math.min(10, i + 2))
    }
  })

  test('under always nothing is read ahead that may not be written yet', async () => {
    const { disk, log } = await filled(4, { fsync: 'always' })
    const shown = log.end
    const before = reads(disk).length
    const appending = Array.from({ length: 4 }, () => Promise.resolve(append(log, { values: ['x'.repeat(BYTES)] })))
    await log.read(shown - 2, shown, LIMIT)
    const during = reads(disk).length
    await Promise.all(appending)
    expect(during - before).toBe(1)
    const [next] = await log.read(shown, log.end, LIMIT)
    expect(readBatchHeader(next!).baseOffset).toBe(shown)
  })
})

describe('the indexes of full segments', () => {
  const COUNT = 40

  /**
   * The segments of a log of `COUNT` segments, opened again after a clean end, and how many of their indexes are in
   * memory.
   */
  async function reopened(indexMemoryBytesMax: number) {
    const path = folder()
    const first = await openStore(path)
    const before = await openLog(first.store, 1)
    for (let i = 0; i < COUNT; i++) await append(before, { values: ['v'], timesMs: [1000 + i] })
    await first.store.close()
    const known = vi.spyOn(Segment, 'known')
    onTestFinished(() => known.mockRestore())
    const { store } = await openStore(path, { indexMemoryBytesMax })
    const log = await openLog(store, 1)
    const segments = known.mock.results.map(({ value }) => value as Segment).slice(0, -1)
    expect(segments).toHaveLength(COUNT - 1)
    const loaded = (): number => segments.filter((segment) => segment.loaded !== undefined).length
    return { store, log, loaded, path }
  }

  test('are not kept where only the latest time was asked for: a look-up by time leaves one', async () => {
    const { log, loaded } = await reopened(1e6)
    await log.latest()
    await log.segments()
    expect(loaded()).toBe(0)
    expect(await log.seekTime(1000 + COUNT - 5)).toBe(COUNT - 5)
    expect(loaded()).toBe(1)
  })

  test('that were read stay within one budget of all logs, those used last longest', async () => {
    const one = new SegmentIndex(0, 300)
    one.add(readBatchHeader(batchOf()))
    const { store, log, loaded } = await reopened(3 * one.memoryBytes)
    for (let offset = 0; offset < COUNT; offset++) await log.read(offset, log.end, 100)
    expect(loaded()).toBe(3)
    expect(store.indexBytes).toBe(3 * one.memoryBytes)
    log.trim(COUNT)
    expect(store.indexBytes).toBe(0)
  })

  test('leave with their log', async () => {
    const { store, log } = await reopened(1e6)
    await log.read(0, log.end, 100)
    expect(store.indexBytes).toBeGreaterThan(0)
    await store.remove('topics/t.0000')
    expect(store.indexBytes).toBe(0)
  })
})
