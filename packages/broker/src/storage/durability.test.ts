import { type Disk, DiskError, type File, nodeDisk } from '@tidemark/platform'
import { describe, expect, test } from 'vitest'
import { covered, folder, NAME, openLog, openStore, SIZE, silent, syncs } from './file-store.case.ts'
import { append, offsetsIn } from './log.case.ts'

const bound = (file: File): File => ({
  path: file.path,
  write: (chunks, position, how) => file.write(chunks, position, how),
  read: (position, length, into) => file.read(position, length, into),
  size: () => file.size(),
  truncate: (size) => file.truncate(size),
  sync: () => file.sync(),
  close: () => file.close(),
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

  test('under always a batch in a new segment is finished when its name is safe, no matter which call syncs the name (seed 11078)', async () => {
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
