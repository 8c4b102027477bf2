/**
 * Logs in a folder for tests: a store on a watched disk and a clock that is moved by hand, and what a crash of its
 * process leaves.
 */
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { batchOf, type DiskSpy, ManualClock, spiedDisk, temporaryFolder } from '../testing/index.ts'
import { FileStore, type FileStoreOptions } from './file-store.ts'
import { append } from './log.case.ts'
import type { Log } from './log.ts'

export const NAME = 'topics/t.0000/0'
export const FIRST = '00000000000000000000'
export const SIZE = batchOf({ values: ['a', 'b', 'c'] }).length
export const silent = { onCheckpoint() {} }

export interface OpenedStore {
  readonly store: FileStore
  readonly disk: ReturnType<typeof spiedDisk>
  readonly failures: unknown[]
  readonly clock: ManualClock
}

export async function openStore(path: string, options: Partial<FileStoreOptions> = {}): Promise<OpenedStore> {
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
    onReplaced() {},
    ...options,
  })
  onTestFinished(() => store.abandon())
  return { store, disk, failures, clock }
}

export const folder = (): string => temporaryFolder(onTestFinished)
export const openLog = (store: FileStore, segmentBytesMax = 1e9): Promise<Log> =>
  Promise.resolve(store.open(NAME, { segmentBytesMax }, silent))

/** As a crash of the process leaves it: the folder as it is, with a lock of its own. */
export function crashed(path: string): string {
  const copy = folder()
  cpSync(path, copy, { recursive: true, filter: (from) => !from.endsWith('/lock') && !from.includes('/lock-') })
  return copy
}

export async function written(path: string, batches: number, segmentBytesMax = 1e9): Promise<OpenedStore & { readonly log: Log }> {
  const opened = await openStore(path)
  const log = await openLog(opened.store, segmentBytesMax)
  for (let i = 0; i < batches; i++) await append(log, { values: ['a', 'b', 'c'] })
  return { ...opened, log }
}

/** Bytes of the first segment that its index covers. */
export const covered = (path: string): number =>
  existsSync(`${path}/${NAME}/${FIRST}.index`) ? Number(readFileSync(`${path}/${NAME}/${FIRST}.index`).readBigInt64BE(16)) : 0

export const syncs = (disk: DiskSpy): string[] => disk.done.filter((d) => d.startsWith('sync ') && d.endsWith('.log'))
export const reads = (disk: DiskSpy): string[] => disk.done.filter((d) => d.startsWith('read ') && d.endsWith('.log'))
