/** Logs in a folder of the disk. docs/log-format.md gives every file byte by byte. */
import type { Clock, Disk, Now } from '@tidemark/platform'
import { type Identity } from './folder.ts'
import type { Log, LogEvents, LogLimits } from './log.ts'
import type { Store } from './store.ts'
export interface FileStoreOptions {
  readonly path: string
  readonly disk: Disk
  readonly clock: Clock
  readonly fresh: Identity
  readonly fsync: 'never' | 'interval' | 'always'
  readonly fsyncIntervalMs: number
  readonly openFilesMax: number
  readonly indexIntervalBytes: number
  readonly recoveryBytesMax: number
  onFailure(cause: unknown): void
  onRecovered(log: string, end: number, bytesCut: number): void
}
export declare class FileStore implements Store {
  #private
  readonly clusterId: string
  private constructor()
  static open(options: FileStoreOptions): Promise<FileStore>
  open(name: string, limits: LogLimits, events: LogEvents): Now<Log>
  list(name: string): readonly string[]
  remove(name: string): Promise<void>
  readSmall(name: string, file: string): Buffer | undefined
  writeSmall(name: string, file: string, bytes: Uint8Array): Promise<void>
  close(): Promise<void>
  abandon(): void
}
