import { appendFileSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FIRST, folder, NAME, openLog, openStore, reads, SIZE, silent, written } from './file-store.case.ts'
import { append, offsetsIn } from './log.case.ts'
import type { Log } from './log.ts'

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
    appendFileSync(`${path}/${NAME}/${FIRST}.log`, 'more')
    const { store } = await openStore(path)
    expect((await openLog(store)).end).toBe(9)
  })

  test('a file that is shorter than it was is damage, and not what a crash leaves', async () => {
    const path = folder()
    await (await written(path, 3)).store.close()
    truncateSync(`${path}/${NAME}/${FIRST}.log`, 3 * SIZE - 1)
    const { store } = await openStore(path)
    const open = async () => openLog(store)
    await expect(open()).rejects.toMatchObject({ code: 'LOG_DAMAGED' })
    await expect(open()).rejects.toMatchObject({ code: 'LOG_DAMAGED' })
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
    writeFileSync(`${path}/mine.txt`, 'mine')
    await expect(openStore(path)).rejects.toMatchObject({ code: 'NOT_A_DATA_FOLDER' })
    expect(readdirSync(path)).toEqual(['mine.txt'])
    // A name that only begins like one of the broker's own.
    renameSync(`${path}/mine.txt`, `${path}/locksmith.txt`)
    await expect(openStore(path)).rejects.toMatchObject({ code: 'NOT_A_DATA_FOLDER' })
    expect(readdirSync(path)).toEqual(['locksmith.txt'])
    await expect(openStore(`${path}/locksmith.txt`)).rejects.toMatchObject({ code: 'NOT_A_DATA_FOLDER' })
    expect(readFileSync(`${path}/locksmith.txt`, 'utf8')).toBe('mine')
  })

  test('a folder of another version is left alone too', async () => {
    const path = folder()
    writeFileSync(`${path}/FORMAT`, 'tidemark 9\n')
    await expect(openStore(path)).rejects.toMatchObject({ code: 'UNKNOWN_FORMAT' })
    expect(readdirSync(path)).toEqual(['FORMAT'])
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
