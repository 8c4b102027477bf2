import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { type Disk, DiskError, type File, nodeDisk } from '@tidemark/platform'
import { lastOffsetOf, readBatchHeader, stampBatch } from '@tidemark/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { batchOf, type DiskSpy, ManualClock, slowDisk, spiedDisk, temporaryFolder } from '../testing/index.ts'
import { FileStore, type FileStoreOptions } from './file-store.ts'
import { append, logContract, offsetsIn } from './log.case.ts'
import type { Log } from './log.ts'

const NAME = 'topics/t.0000/0'
const MEBIBYTE = 'x'.repeat(1024 * 1024)
const FIRST = '00000000000000000000'
const SIZE = batchOf({ values: ['a', 'b', 'c'] }).length
const silent = { onCheckpoint() {} }

interface Site {
  readonly store: FileStore
  readonly disk: ReturnType<typeof spiedDisk>
  readonly failures: unknown[]
  readonly clock: ManualClock
}

async function openStore(path: string, options: Partial<FileStoreOptions> = {}): Promise<Site> {
  const disk = spiedDisk()
  const failures: unknown[] = []
  const clock = new ManualClock()
  const store = await FileStore.open({
    path,
    disk,
    clock,
    fresh: { clusterId: 'a'.repeat(32), nodeId: 1 },
    fsync: 'never',
    fsyncIntervalMs: 1000,
    openFilesMax: 100,
    indexIntervalBytes: 300,
    recoveryBytesMax: 1e9,
    onFailure: (cause) => failures.push(cause),
    onRecovered() {},
    ...options,
  })
  onTestFinished(() => store.abandon())
  return { store, disk, failures, clock }
}

const folder = (): string => temporaryFolder(onTestFinished)
const openLog = (store: FileStore, segmentBytesMax = 1e9): Promise<Log> => Promise.resolve(store.open(NAME, { segmentBytesMax }, silent))

/** As a crash of the process leaves it: the folder as it is, with a lock of its own. */
function crashed(path: string): string {
  const copy = folder()
  cpSync(path, copy, { recursive: true, filter: (from) => !from.endsWith('/lock') && !from.includes('/lock-') })
  return copy
}

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

async function written(path: string, batches: number, segmentBytesMax = 1e9): Promise<Site & { readonly log: Log }> {
  const site = await openStore(path)
  const log = await openLog(site.store, segmentBytesMax)
  for (let i = 0; i < batches; i++) await append(log, { values: ['a', 'b', 'c'] })
  return { ...site, log }
}

const bound = (file: File): File => ({
  path: file.path,
  write: (chunks, position, how) => file.write(chunks, position, how),
  read: (position, length, into) => file.read(position, length, into),
  size: () => file.size(),
  truncate: (size) => file.truncate(size),
  sync: () => file.sync(),
  close: () => file.close(),
})

/** Bytes of the first segment that its index covers. */
const covered = (path: string): number =>
  existsSync(`${path}/${NAME}/${FIRST}.index`) ? Number(readFileSync(`${path}/${NAME}/${FIRST}.index`).readBigInt64BE(16)) : 0

const syncs = (disk: DiskSpy): string[] => disk.done.filter((d) => d.startsWith('sync ') && d.endsWith('.log'))
const reads = (disk: DiskSpy): string[] => disk.done.filter((d) => d.startsWith('read ') && d.endsWith('.log'))

describe('after a clean end', () => {
  test('a start reads no segment and finds every log as it was', async () => {
    const path = folder()
    const { store } = await written(path, 20, 4 * SIZE)
    await store.close()
    const next = await openStore(path)
    const log = await openLog(next.store, 4 * SIZE)
    expect([log.start, log.end, log.bytes]).toEqual([0, 60, 20 * SIZE])
    expect(reads(next.disk)).toEqual([])
    expect(await offsetsIn(log, 59)).toEqual([57])
  })

  test('logs that were not opened are still known after the next clean end', async () => {
    const path = folder()
    await (await written(path, 3)).store.close()
    await (await openStore(path)).store.close()
    const { store, disk } = await openStore(path)
    expect((await openLog(store)).end).toBe(9)
    expect(reads(disk)).toEqual([])
  })

  test('the mark is gone as soon as the folder is open: a crash is not taken for a clean end', async () => {
    const path = folder()
    await (await written(path, 3)).store.close()
    expect(readdirSync(path)).toContain('clean')
    await openStore(path)
    expect(readdirSync(path)).not.toContain('clean')
  })

  test('a file that changed in between is read again', async () => {
    const path = folder()
    await (await written(path, 3)).store.close()
    truncateSync(`${path}/${NAME}/${FIRST}.log`, 3 * SIZE - 1)
    const { store } = await openStore(path)
    expect((await openLog(store)).end).toBe(6)
  })
})

describe('after a crash', () => {
  test('a tail that is torn at any byte of the last batch is cut, and the log goes on (trap 47)', async () => {
    const path = folder()
    await written(path, 3)
    for (let cut = 2 * SIZE; cut < 3 * SIZE; cut++) {
      const copy = crashed(path)
      truncateSync(`${copy}/${NAME}/${FIRST}.log`, cut)
      const { store } = await openStore(copy)
      const log = await openLog(store)
      expect([cut, log.end]).toEqual([cut, 6])
      expect(statSync(`${copy}/${NAME}/${FIRST}.log`).size).toBe(2 * SIZE)
      await append(log, { values: ['new'] })
      expect(await offsetsIn(log, 0)).toEqual([0, 3, 6])
      store.abandon()
    }
  })

  test('a damaged byte anywhere in the last batch cuts it off', async () => {
    const path = folder()
    await written(path, 2)
    const file = `${path}/${NAME}/${FIRST}.log`
    const whole = readFileSync(file)
    // Base offset and leader epoch are not under the CRC: of them only the offset can be seen to be wrong.
    for (let at = SIZE + 16; at < 2 * SIZE; at++) {
      const copy = crashed(path)
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 0x40
      writeFileSync(`${copy}/${NAME}/${FIRST}.log`, damaged)
      const { store } = await openStore(copy)
      expect([at, (await openLog(store)).end]).toEqual([at, 3])
      store.abandon()
    }
  })

  test('full segments whose index says that they were synced are not read', async () => {
    const path = folder()
    const { store, log, disk } = await written(path, 20, 4 * SIZE)
    await expect.poll(() => readdirSync(`${path}/${NAME}`).filter((f) => f.endsWith('.index')).length).toBe(4)
    expect(syncs(disk)).toHaveLength(4)
    expect(log.end).toBe(60)
    const next = await openStore(crashed(path))
    expect((await openLog(next.store, 4 * SIZE)).end).toBe(60)
    expect(new Set(reads(next.disk)).size).toBe(1)
    expect(reads(next.disk)[0]).toContain('00000000000000000048.log')
    store.abandon()
  })

  test('a segment whose index is missing or damaged is read, and its index made again', async () => {
    const path = folder()
    await (await written(path, 20, 4 * SIZE)).store.close()
    unlinkSync(`${path}/${NAME}/${FIRST}.index`)
    const timeIndex = `${path}/${NAME}/00000000000000000012.timeindex`
    const damaged = readFileSync(timeIndex)
    damaged[damaged.length - 1]! ^= 1
    writeFileSync(timeIndex, damaged)
    for (const at of [path, crashed(path)]) {
      const { store } = await openStore(at)
      const log = await openLog(store, 4 * SIZE)
      for (let offset = 0; offset < 60; offset++) expect((await offsetsIn(log, offset))[0]).toBe(offset - (offset % 3))
      expect(await log.seekTime(1_000)).toBe(0)
      store.abandon()
    }
  })

  test('damage in an older segment that was not known to be synced ends the log there', async () => {
    const path = folder()
    await (await written(path, 12, 4 * SIZE)).store.close()
    const copy = crashed(path)
    unlinkSync(`${copy}/clean`)
    unlinkSync(`${copy}/${NAME}/00000000000000000012.index`)
    truncateSync(`${copy}/${NAME}/00000000000000000012.log`, SIZE + 10)
    const { store } = await openStore(copy)
    const log = await openLog(store, 4 * SIZE)
    expect(log.end).toBe(15)
    expect(readdirSync(`${copy}/${NAME}`).filter((f) => f.endsWith('.log'))).toHaveLength(2)
  })

  test('the end of a segment that is gone without a trace takes the segments behind the hole with it', async () => {
    const path = folder()
    await written(path, 6, SIZE * 2)
    const copy = crashed(path)
    const at = `${copy}/${NAME}/${FIRST.slice(0, -1)}`
    // Neither segment is known to be synced: their indexes are not there.
    for (const base of [0, 6]) for (const ending of ['index', 'timeindex']) rmSync(`${at}${base}.${ending}`, { force: true })
    truncateSync(`${at}6.log`, SIZE)
    const log = await openLog((await openStore(copy)).store, SIZE * 2)
    expect(log.end).toBe(9)
    await append(log, { values: ['next'] })
    expect([...(await offsetsIn(log, 0)), ...(await offsetsIn(log, 6))]).toEqual([0, 3, 6, 9])
  })

  test('a hole right behind what an index covers is a hole: nothing behind it is kept', async () => {
    const path = folder()
    const { store } = await openStore(path, { recoveryBytesMax: 2 * SIZE })
    const log = await openLog(store, 4 * SIZE)
    const at = `${path}/${NAME}`
    for (let i = 0; i < 3; i++) await append(log, { values: ['a', 'b', 'c'] })
    await expect.poll(() => readdirSync(at)).toContain(`${FIRST}.index`)
    const early = ['index', 'timeindex'].map((ending) => ({ file: `${FIRST}.${ending}`, bytes: readFileSync(`${at}/${FIRST}.${ending}`) }))
    for (let i = 0; i < 3; i++) await append(log, { values: ['a', 'b', 'c'] })
    const copy = crashed(path)
    for (const { file, bytes } of early) writeFileSync(`${copy}/${NAME}/${file}`, bytes)
    truncateSync(`${copy}/${NAME}/${FIRST}.log`, 2 * SIZE)
    const next = await openStore(copy)
    const recovered = await openLog(next.store, 4 * SIZE)
    expect(recovered.end).toBe(6)
    expect(readdirSync(`${copy}/${NAME}`).filter((f) => f.endsWith('.log'))).toEqual([`${FIRST}.log`])
    store.abandon()
  })

  test('a segment that somebody took out of the middle is no damage to those behind it', async () => {
    const path = folder()
    await (await written(path, 12, 4 * SIZE)).store.close()
    const copy = crashed(path)
    unlinkSync(`${copy}/clean`)
    unlinkSync(`${copy}/${NAME}/00000000000000000012.log`)
    const { store } = await openStore(copy)
    expect((await openLog(store, 4 * SIZE)).end).toBe(36)
  })

  test('a segment that was once full is never written again: its index may say so', async () => {
    const path = folder()
    await (await written(path, 5, 4 * SIZE)).store.close()
    const copy = crashed(path)
    unlinkSync(`${copy}/clean`)
    unlinkSync(`${copy}/${NAME}/00000000000000000012.log`)
    const { store } = await openStore(copy)
    const log = await openLog(store, 1e9)
    expect(log.end).toBe(12)
    await append(log)
    expect(statSync(`${copy}/${NAME}/${FIRST}.log`).size).toBe(4 * SIZE)
    expect(await offsetsIn(log, 12)).toEqual([12])
  })

  test.each(['never', 'interval', 'always'] as const)(
    'under %s the index is written as the log grows, and a crash reads only what came after it',
    async (fsync) => {
      const path = folder()
      const { store } = await openStore(path, { fsync, recoveryBytesMax: 2 * SIZE })
      const log = await openLog(store)
      for (let i = 0; i < 20; i++) {
        await append(log, { values: ['a', 'b', 'c'] })
        await expect.poll(() => covered(path)).toBeGreaterThanOrEqual((i - 1) * SIZE)
      }
      const next = await openStore(crashed(path))
      expect((await openLog(next.store)).end).toBe(60)
      expect(reads(next.disk)).toHaveLength(1)
      store.abandon()
    },
  )

  test('a log that may have much to read again saves its index all the same: at 16 MiB, and when a quarter is new', async () => {
    const { store, disk } = await openStore(folder())
    const seen: number[] = []
    let mebibytes = 0
    const log = await store.open(NAME, { segmentBytesMax: 1e9 }, { onCheckpoint: () => seen.push(mebibytes) })
    const saves = (): number => disk.done.filter((d) => d.startsWith('write ') && d.endsWith(`${FIRST}.index.new`)).length
    while (++mebibytes <= 90) {
      await append(log, { values: [MEBIBYTE] })
      if (seen.at(-1) === mebibytes) await expect.poll(saves).toBe(seen.length)
    }
    expect(seen).toEqual([17, 33, 49, 65, 87])
  })

  test('what is taken from the page cache is written again and synced before it is shown', async () => {
    const path = folder()
    const { store } = await openStore(path, { fsync: 'always' })
    const log = await openLog(store)
    for (let i = 0; i < 3; i++) await append(log, { values: ['a', 'b', 'c'] })
    const next = await openStore(crashed(path), { fsync: 'always' })
    await openLog(next.store)
    const ofLog = next.disk.done.filter((d) => d.endsWith('.log')).map((d) => d.split(' ')[0])
    expect(ofLog).toEqual(['read', 'write', 'sync'])
    store.abandon()
  })

  test('a full segment whose index was not written before the crash is read once, not after every crash', async () => {
    const path = folder()
    await (await written(path, 8, 4 * SIZE)).store.close()
    unlinkSync(`${path}/clean`)
    for (const ending of ['index', 'timeindex']) unlinkSync(`${path}/${NAME}/${FIRST}.${ending}`)
    const next = await openStore(path)
    await openLog(next.store, 4 * SIZE)
    expect(reads(next.disk)).toHaveLength(1)
    await expect.poll(() => covered(path)).toBe(4 * SIZE)
    const third = await openStore(crashed(path))
    await openLog(third.store, 4 * SIZE)
    expect(reads(third.disk)).toEqual([])
  })
})

describe('durability', () => {
  test('under never nothing is synced, under interval once an interval, under always before the append is finished', async () => {
    for (const [fsync, atOnce, later] of [
      ['never', 0, 0],
      ['interval', 0, 1],
      ['always', 2, 2],
    ] as const) {
      const { store, clock, disk } = await openStore(folder(), { fsync })
      const log = await openLog(store)
      await append(log)
      await append(log)
      expect([fsync, syncs(disk).length]).toEqual([fsync, atOnce])
      clock.advance(1000)
      await expect.poll(() => syncs(disk).length).toBe(later)
      store.abandon()
    }
  })

  test('under always, appends that wait for the disk share one sync (group commit)', async () => {
    const { store, disk } = await openStore(folder(), { fsync: 'always' })
    const log = await openLog(store)
    const done = Array.from({ length: 50 }, () => append(log))
    await Promise.all(done)
    expect(log.end).toBe(50)
    expect(syncs(disk).length).toBeLessThanOrEqual(3)
    expect(await offsetsIn(log, 0)).toHaveLength(50)
  })

  test('a new file is made durable by syncing the folders that name it', async () => {
    const path = folder()
    const { store, disk } = await openStore(path, { fsync: 'always' })
    const before = disk.done.length
    await append(await openLog(store))
    const synced = disk.done.slice(before).filter((d) => d.startsWith('syncFolder'))
    expect(synced.sort()).toEqual([`syncFolder ${path}/topics`, `syncFolder ${path}/topics/t.0000`, `syncFolder ${path}/${NAME}`])
  })

  test('under always a batch in a new segment is finished when its name is safe, whoever syncs the name (seed 11078)', async () => {
    const { store, disk } = await openStore(folder(), { fsync: 'always' })
    const log = await openLog(store, 2 * SIZE)
    await append(log)
    await append(log)
    const held = Promise.withResolvers<void>()
    const { syncFolder } = disk
    const asked = Promise.withResolvers<void>()
    Object.assign(disk, {
      async syncFolder(path: string) {
        asked.resolve()
        await held.promise
        await syncFolder(path)
      },
    })
    const order: string[] = []
    const rolled = [append(log), append(log)].map((done) => Promise.resolve(done).then(() => order.push('finished')))
    await asked.promise
    const others = await openStore(folder(), { fsync: 'always' })
    for (let i = 0; i < 3; i++)
      await append(await Promise.resolve(others.store.open(`topics/t.0000/${i}`, { segmentBytesMax: 1e9 }, silent)))
    order.push('name is safe')
    held.resolve()
    await Promise.all(rolled)
    expect(order).toEqual(['name is safe', 'finished', 'finished'])
  })

  test('a failed write is thrown, and the log is as it was before', async () => {
    const { store, disk } = await openStore(folder())
    const log = await openLog(store)
    await append(log)
    disk.failing = { on: 'write', code: 'ENOSPC' }
    await expect(append(log)).rejects.toBeInstanceOf(DiskError)
    expect(log.end).toBe(1)
  })

  test('a failed sync rejects every append that waits for it, and all later ones', async () => {
    const { store, disk } = await openStore(folder(), { fsync: 'always' })
    const log = await openLog(store)
    await append(log)
    disk.failing = { on: 'sync', code: 'EIO' }
    const both = await Promise.allSettled([append(log), append(log)])
    expect(both.map((b) => b.status)).toEqual(['rejected', 'rejected'])
    disk.failing = undefined
    await expect(append(log)).rejects.toBeInstanceOf(DiskError)
  })

  test('after a failed sync of a log none is believed: nothing is synced any more, and no index says that it was', async () => {
    const path = folder()
    const begun: PromiseWithResolvers<void>[] = []
    const sync = (): Promise<void> => {
      begun.push(Promise.withResolvers())
      return begun.at(-1)!.promise
    }
    const disk: Disk = {
      ...nodeDisk,
      open(at, mode): File {
        const file = nodeDisk.open(at, mode) as File
        return { ...bound(file), sync: at.endsWith('.log') ? sync : () => file.sync() }
      },
    }
    const { store, clock, failures } = await openStore(path, { disk, fsync: 'interval', recoveryBytesMax: 2 * SIZE })
    const log = await openLog(store)
    await append(log, { values: ['a', 'b', 'c'] })
    clock.advance(1000)
    await expect.poll(() => begun.length).toBe(1)
    for (let i = 0; i < 3; i++) await append(log, { values: ['a', 'b', 'c'] })
    begun[0]!.reject(new DiskError('sync', path, new Error('told to fail')))
    await expect.poll(() => failures.length).toBe(2)
    expect(begun).toHaveLength(1)
    expect(covered(path)).toBe(0)
  })

  test('a failed sync in the background is reported', async () => {
    const { store, disk, clock, failures } = await openStore(folder(), { fsync: 'interval' })
    await append(await openLog(store))
    disk.failing = { on: 'sync', code: 'EIO' }
    clock.advance(1000)
    await expect.poll(() => failures.length).toBe(1)
  })
})

describe('the folder', () => {
  test('a log that was never written to has no files', async () => {
    const path = folder()
    const { store } = await openStore(path)
    await openLog(store)
    expect(readdirSync(path).sort()).toEqual(['FORMAT', 'lock'])
  })

  test('a second broker is told which folder is in use', async () => {
    const path = folder()
    await openStore(path)
    await expect(openStore(path)).rejects.toMatchObject({ code: 'FOLDER_IN_USE', message: expect.stringContaining(path) })
  })

  test('another version of the format is refused by name', async () => {
    const path = folder()
    writeFileSync(`${path}/FORMAT`, 'tidemark 9\ncluster x\n')
    await expect(openStore(path)).rejects.toMatchObject({ code: 'UNKNOWN_FORMAT', message: expect.stringMatching(/format 9/) })
    writeFileSync(`${path}/FORMAT`, 'something else')
    await expect(openStore(path)).rejects.toMatchObject({ code: 'UNKNOWN_FORMAT' })
  })

  test('a folder with other things in it is left alone', async () => {
    const path = folder()
    copyFileSync('/etc/hostname', `${path}/mine.txt`)
    await expect(openStore(path)).rejects.toMatchObject({ code: 'NOT_A_DATA_FOLDER' })
    expect(readdirSync(path)).toContain('mine.txt')
  })

  test('the cluster id is that of the first start', async () => {
    const path = folder()
    await (await openStore(path)).store.close()
    const { store } = await openStore(path, { fresh: { clusterId: 'b'.repeat(32), nodeId: 1 } })
    expect(store.clusterId).toBe('a'.repeat(32))
    store.abandon()
    await expect(openStore(path, { fresh: { clusterId: 'b'.repeat(32), nodeId: 2 } })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('a removed log leaves nothing, and more logs than open files are served', async () => {
    const path = folder()
    const { store } = await openStore(path, { openFilesMax: 3 })
    const logs: Log[] = []
    for (let i = 0; i < 10; i++) logs.push(await store.open(`topics/t.0000/${i}`, { segmentBytesMax: 1e9 }, silent))
    for (let round = 0; round < 2; round++) for (const log of logs) await append(log)
    for (const log of logs) expect(await offsetsIn(log, 0)).toEqual([0, 1])
    await store.remove('topics/t.0000')
    expect(readdirSync(`${path}/topics`)).toEqual([])
  })

  test('a small file that is damaged reads as none', async () => {
    const path = folder()
    const { store } = await openStore(path)
    await store.writeSmall(NAME, 'state', Buffer.from('hello'))
    expect(store.readSmall(NAME, 'state')?.toString()).toBe('hello')
    const file = `${path}/${NAME}/state`
    const bytes = readFileSync(file)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(file, bytes)
    expect(store.readSmall(NAME, 'state')).toBeUndefined()
  })
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

  async function filled(batches: number, options: Partial<FileStoreOptions>): Promise<Site & { readonly log: Log }> {
    const site = await openStore(folder(), { ...ofMuch, ...options })
    const log = await openLog(site.store)
    for (let i = 0; i < batches; i++) await append(log, { values: [String(i % 10).repeat(BYTES)] })
    return { ...site, log }
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
