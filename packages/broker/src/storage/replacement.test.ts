import { readdirSync, statSync, unlinkSync } from 'node:fs'
import { DiskError, type File, type Now, nodeDisk } from '@tidemark/platform'
import { emptyBatch } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { MemoryPool } from '../memory-pool.ts'
import { ManualClock } from '../testing/index.ts'
import type { LogEnvironment } from './file-log.ts'
import { crashed, folder, NAME, openLog, openStore, SIZE, written } from './file-store.case.ts'
import { Files } from './files.ts'
import { IndexCache } from './index-cache.ts'
import { allOffsetsIn, append } from './log.case.ts'
import type { Log, RewriteRules } from './log.ts'
import { ReadAhead } from './read-ahead.ts'
import { Segment } from './segment.ts'
import { SegmentIndex } from './segment-index.ts'
import { SegmentReader } from './segment-reader.ts'
import { Segments } from './segments.ts'

/** Keeps every fourth batch. */
const rules: RewriteRules = {
  rewrite: (batch, header, staysInPlace) => (header.baseOffset % 12 === 0 ? batch : staysInPlace ? emptyBatch(header) : undefined),
  goesOn: async () => true,
}
const BEFORE = Array.from({ length: 18 }, (_, i) => i * 3)
/** Segments 0, 12, 24, 36 are rewritten, then 0 and 12, and 24 and 36, are merged; 48 is written to. */
const AFTER = [0, 12, 21, 24, 36, 45, 48, 51]
const SEGMENT_BYTES = 4 * SIZE

async function compactTwice(log: Log): Promise<void> {
  await log.rewrite(48, rules)
  await log.rewrite(48, rules)
}

const logsIn = (path: string): string[] =>
  readdirSync(`${path}/${NAME}`)
    .filter((name) => name.endsWith('.log') || name.endsWith('.new'))
    .sort()

async function reopened(path: string): Promise<Log> {
  const { store } = await openStore(path)
  return openLog(store, SEGMENT_BYTES)
}

describe('a crash of a compaction', () => {
  test('at any operation of the disk leaves each segment as it was, or as it was to be', async () => {
    const copies: { readonly after: string; readonly path: string }[] = []
    const path = folder()
    const { store, log, disk } = await written(path, 18, SEGMENT_BYTES)
    await log.sync()
    // A copy of the folder at each operation from here on.
    const watched = disk.done.push.bind(disk.done)
    disk.done.push = (operation) => {
      copies.push({ after: operation, path: crashed(path) })
      return watched(operation)
    }
    await compactTwice(log)
    expect(await allOffsetsIn(log, 0)).toEqual(AFTER)
    await expect.poll(() => logsIn(path)).toEqual(['00000000000000000000.2.log', '00000000000000000024.2.log', '00000000000000000048.log'])
    store.abandon()
    expect(copies.length).toBeGreaterThan(20)
    const states = new Set<number>()
    for (const copy of copies) {
      const found = await reopened(copy.path)
      const offsets = await allOffsetsIn(found, 0)
      expect(BEFORE, copy.after).toEqual(expect.arrayContaining(offsets))
      expect(offsets, copy.after).toEqual(expect.arrayContaining(AFTER))
      expect(offsets, copy.after).toEqual([...offsets].sort((a, b) => a - b))
      states.add(offsets.length)
      const names = readdirSync(`${copy.path}/${NAME}`)
      expect(names.filter((name) => /\.\d\.(log|index|timeindex)\.new$/.test(name))).toEqual([])
      for (const name of names) expect(names).toContain(name.replace(/(time)?index$/, 'log'))
      await append(found, { values: ['a'] })
      expect((await allOffsetsIn(found, 50)).at(-1)).toBe(54)
    }
    expect(states.size).toBeGreaterThan(3)
  })

  test('before the old segments are removed: a start takes the new one and removes the others', async () => {
    const path = folder()
    const { store, log } = await written(path, 18, SEGMENT_BYTES)
    const old = crashed(path)
    await compactTwice(log)
    await expect.poll(() => logsIn(path).length).toBe(3)
    store.abandon()
    for (const name of logsIn(old)) if (!logsIn(path).includes(name)) nodeDisk.rename(`${old}/${NAME}/${name}`, `${path}/${NAME}/${name}`)
    expect(logsIn(path).length).toBe(7)
    const found = await reopened(path)
    expect(await allOffsetsIn(found, 0)).toEqual(AFTER)
    expect(logsIn(path)).toEqual(['00000000000000000000.2.log', '00000000000000000024.2.log', '00000000000000000048.log'])
  })
})

test('a compacted log is closed and opened as any other, also without its indexes', async () => {
  const path = folder()
  const { store, log } = await written(path, 18, SEGMENT_BYTES)
  await compactTwice(log)
  await store.close()
  const again = await openStore(path)
  expect(await allOffsetsIn(await openLog(again.store, SEGMENT_BYTES), 0)).toEqual(AFTER)
  again.store.abandon()
  for (const name of readdirSync(`${path}/${NAME}`)) if (name.endsWith('index')) unlinkSync(`${path}/${NAME}/${name}`)
  const found = await reopened(path)
  expect(await allOffsetsIn(found, 0)).toEqual(AFTER)
  await found.rewrite(48, {
    ...rules,
    rewrite: (batch, header, stays) => (header.baseOffset === 24 ? batch : stays ? emptyBatch(header) : undefined),
  })
  expect(logsIn(path)).toContain('00000000000000000000.3.log')
  expect(await allOffsetsIn(found, 0)).toEqual([21, 24, 45, 48, 51])
})

test('a reader whose segment is replaced before it has opened the file reads the new one', async () => {
  const path = folder()
  const { store, log } = await written(path, 18, SEGMENT_BYTES)
  const old = [0, 12, 24, 36].map((baseOffset) => ({ baseOffset, generation: 0, bytes: SEGMENT_BYTES }))
  await compactTwice(log)
  await store.close()
  const inFolder = `${path}/${NAME}`
  const segmentOf = (name: { baseOffset: number; generation: number; bytes: number }): Segment => {
    const segment = Segment.known(inFolder, name)
    segment.loaded = new SegmentIndex(name.baseOffset, 100)
    return segment
  }
  const sealed = old.map(segmentOf)
  const active = segmentOf({ baseOffset: 48, generation: 0, bytes: 2 * SIZE })
  const [first, second] = [0, 24].map((baseOffset) => {
    const name = { baseOffset, generation: 2 }
    return segmentOf({ ...name, bytes: statSync(Segment.known(inFolder, { ...name, bytes: 0 }).path).size })
  })
  const segments = new Segments([...sealed, active])
  const files = new Files(nodeDisk, 10)
  const reads = new MemoryPool(0)
  const replacing = {
    use: (name: string, mode: 'write', act: (file: File) => Now<unknown>) => {
      if (segments.includes(sealed[1]!)) {
        segments.replace(sealed.slice(0, 2), [first!])
        segments.replace(sealed.slice(2), [second!])
      }
      return files.use(name, mode, act)
    },
  }
  const environment = { files: replacing, reads, indexes: new IndexCache(1e6), ahead: new ReadAhead(reads, new ManualClock(), 0) }
  const reader = new SegmentReader(segments, environment as unknown as LogEnvironment)
  const [found] = await reader.read(15, 54, 1)
  expect(found!.readBigInt64BE(0)).toBe(21n)
  files.end()
})

test('nothing is written down, and nothing left behind, where all stays or the rewriting is told to stop', async () => {
  const path = folder()
  const { log } = await written(path, 10, SEGMENT_BYTES)
  const before = logsIn(path)
  await log.rewrite(12, { ...rules, rewrite: (batch) => batch })
  await log.rewrite(1000, { ...rules, goesOn: async () => false })
  expect(logsIn(path)).toEqual(before)
})

test('a disk that fails is told', async () => {
  const { log, disk, failures } = await written(folder(), 18, SEGMENT_BYTES)
  disk.failing = { on: 'sync', code: 'EIO' }
  await expect(log.rewrite(48, rules)).rejects.toThrow(DiskError)
  await expect.poll(() => failures.length).toBeGreaterThan(0)
})
