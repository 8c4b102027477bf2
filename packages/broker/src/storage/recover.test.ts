import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { nodeDisk } from '@tidemark/platform'
import { describe, expect, test } from 'vitest'
import { batchOf } from '../testing/index.ts'
import { covered, crashed, FIRST, folder, NAME, openLog, openStore, reads, SIZE, syncs, written } from './file-store.case.ts'
import { append, offsetsIn } from './log.case.ts'
import { writeLogStart } from './log-start.ts'
import { SmallFiles } from './small-files.ts'

const SIZE_OF_ONE = batchOf().length
const MEBIBYTE = 'x'.repeat(1024 * 1024)

/** Full segments of four batches with their indexes, as a clean end leaves them, without its mark. */
async function unmarked(batches: number): Promise<string> {
  const path = folder()
  await (await written(path, batches, 4 * SIZE)).store.close()
  const copy = crashed(path)
  unlinkSync(`${copy}/clean`)
  return copy
}

describe('where a log begins', () => {
  /**
   * A log of five segments, 0 12 24 36 48, that was trimmed to 24, with the files of what was forgotten put back:
   * nobody removed them in time.
   */
  async function trimmed(how: 'clean' | 'crash'): Promise<string> {
    const path = folder()
    const { store, log, disk } = await written(path, 20, 4 * SIZE)
    await append(log)
    const kept = folder()
    cpSync(`${path}/${NAME}`, kept, { recursive: true })
    log.trim(30)
    expect([log.start, log.bytes]).toEqual([24, 12 * SIZE + SIZE_OF_ONE])
    await expect.poll(() => disk.exists(`${path}/${NAME}/${FIRST}.log`)).toBe(false)
    if (how === 'clean') await store.close()
    else store.abandon()
    for (const base of [FIRST, '00000000000000000012']) cpSync(`${kept}/${base}.log`, `${path}/${NAME}/${base}.log`)
    if (how === 'clean') unlinkSync(`${path}/clean`)
    return path
  }

  test.each(['clean', 'crash'] as const)('survives a restart (%s), also where the files below it are still there', async (how) => {
    const path = await trimmed(how)
    const { store, disk } = await openStore(path)
    const log = await openLog(store, 4 * SIZE)
    expect([log.start, log.end]).toEqual([24, 61])
    expect((await log.segments()).map(({ baseOffset }) => baseOffset)).toEqual([24, 36, 48, 60])
    await expect.poll(() => disk.exists(`${path}/${NAME}/${FIRST}.log`)).toBe(false)
    expect(await offsetsIn(log, 24, log.end, 1)).toEqual([24])
    await store.close()
  })

  test('may lie within a segment', async () => {
    const path = await trimmed('crash')
    const small = new SmallFiles(nodeDisk, () => {})
    await writeLogStart(`${path}/${NAME}`, 30, small)
    const { store } = await openStore(path)
    const log = await openLog(store, 4 * SIZE)
    expect([log.start, (await log.segments())[0]!.baseOffset]).toEqual([30, 24])
    log.trim(30)
    expect(log.start).toBe(30)
    log.trim(36)
    expect(log.start).toBe(36)
  })

  test('is never behind the end: a crash of the machine may have taken that', async () => {
    const path = await trimmed('crash')
    await writeLogStart(`${path}/${NAME}`, 1000, new SmallFiles(nodeDisk, () => {}))
    const { store } = await openStore(path)
    const log = await openLog(store, 4 * SIZE)
    expect([log.start, log.end]).toEqual([61, 61])
    await append(log)
    expect(await offsetsIn(log, 61)).toEqual([61])
  })

  test('is that of its first segment where nothing else is known: a folder of an older version', async () => {
    const path = await trimmed('crash')
    unlinkSync(`${path}/${NAME}/start`)
    const { store } = await openStore(path)
    expect((await openLog(store, 4 * SIZE)).start).toBe(0)
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

  test.each(['clean', 'crash'] as const)(
    'what another program put behind a full segment is not log, and takes nothing with it (%s end)',
    async (how) => {
      const path = folder()
      const { store } = await written(path, 12, 4 * SIZE)
      await expect.poll(() => readdirSync(`${path}/${NAME}`).filter((f) => f.endsWith('.index')).length).toBe(2)
      if (how === 'clean') await store.close()
      const copy = crashed(path)
      const full = `${copy}/${NAME}/00000000000000000012.log`
      // Bytes that are a batch, with offsets that come next.
      const batch = readFileSync(`${copy}/${NAME}/00000000000000000024.log`).subarray(0, SIZE)
      appendFileSync(full, batch)
      const told: unknown[] = []
      const next = await openStore(copy, { onRecovered: (...what) => told.push(what) })
      const log = await openLog(next.store, 4 * SIZE)
      expect(log.end).toBe(36)
      expect((await offsetsIn(log, 12, log.end, 1e6)).concat(await offsetsIn(log, 24, log.end, 1e6))).toEqual([
        12, 15, 18, 21, 24, 27, 30, 33,
      ])
      if (how === 'crash') expect([told, statSync(full).size]).toEqual([[[NAME, 36, SIZE]], 4 * SIZE])
    },
  )

  test('damage in an older segment that was not known to be synced ends the log there', async () => {
    const copy = await unmarked(12)
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

  test('a segment that is missing in the middle does not damage those behind it', async () => {
    const copy = await unmarked(12)
    unlinkSync(`${copy}/${NAME}/00000000000000000012.log`)
    const { store } = await openStore(copy)
    expect((await openLog(store, 4 * SIZE)).end).toBe(36)
  })

  test('a segment that was once full is never written again: its index may say so', async () => {
    const copy = await unmarked(5)
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
