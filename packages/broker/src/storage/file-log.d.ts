/**
 * A log in a folder: segments named after their first offset, of which the last is written to.
 *
 * Under `never` and `interval` a batch is written within the call of `append`; under `always` batches that wait for the same disk
 * are written and synced together (group commit). Positions are given out in the order of the calls, so writes may finish in
 * any order and leave no hole that a reader could see: readers stay below what is finished.
 */
import { type Disk, type Now } from '@tidemark/platform'
import { type BatchHeader } from '@tidemark/protocol'
import type { Files } from './files.ts'
import type { Flusher } from './flusher.ts'
import type { Latest, Log, LogEvents, LogLimits, SegmentFacts } from './log.ts'
import { Segment } from './segment.ts'
import type { SmallFiles } from './small-files.ts'
/** What a log needs of the store that it is part of. */
export interface LogSite {
  readonly disk: Disk
  readonly files: Files
  readonly small: SmallFiles
  readonly policy: 'never' | 'interval' | 'always'
  readonly flusher: Flusher
  readonly indexIntervalBytes: number
  readonly recoveryBytesMax: number
  onFailure(cause: unknown): void
}
export declare class FileLog implements Log {
  #private
  readonly folder: string
  start: number
  end: number
  bytes: number
  /** `segments` in order; the index of the last one is there. */
  constructor(folder: string, segments: Segment[], site: LogSite, limits: LogLimits, events: LogEvents)
  append(batch: Buffer, header: BatchHeader): Now<void>
  sync(): Promise<void>
  /** Everything is synced, and the indexes say so: the next start reads no segment. */
  finish(): Promise<void>
  read(from: number, upTo: number, bytesMax: number): Now<readonly Buffer[]>
  seekTime(timestampMs: number): Now<number>
  latest(): Now<Latest | undefined>
  segments(): Now<readonly SegmentFacts[]>
  trim(offset: number): void
  /** What a clean end writes down of it. */
  facts(): {
    readonly baseOffset: number
    readonly bytes: number
  }[]
  /** Lets go of its files once nothing is under way on them. */
  remove(): Promise<void>
}
