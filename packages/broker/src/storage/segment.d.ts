/** One segment: its file, how many bytes of it are log, and its index, which a full segment reads back when it is needed. */
import type { Disk, Now } from '@tidemark/platform'
import type { LogSite } from './file-log.ts'
import { type EncodedIndex, SegmentIndex } from './segment-index.ts'
import type { SmallFiles } from './small-files.ts'

interface Place {
  readonly offset: number
  readonly position: number
}
export interface Summary {
  readonly maxTimestampMs: number
  readonly maxTimestampOffset: number
}
export declare class Segment {
  #private
  readonly baseOffset: number
  bytes: number
  /** Bytes that the index on disk covers. */
  indexedBytes: number
  /** The batch that was appended last: what a waiting reader asks for. */
  tail: Place | undefined
  loaded: SegmentIndex | undefined
  private constructor()
  static empty(folder: string, baseOffset: number, indexIntervalBytes: number): Segment
  /** One that a clean end wrote down. */
  static known(
    folder: string,
    {
      baseOffset,
      bytes,
    }: {
      baseOffset: number
      bytes: number
    },
  ): Segment
  /** The first offsets of the segments in a folder, in order. */
  static basesIn(disk: Disk, folder: string): number[]
  get path(): string
  /** The index; of a segment whose index is not on disk, or damaged there, by reading the segment. */
  index(site: LogSite): Now<SegmentIndex>
  /** The latest time in it, and where: remembered when its index is not. */
  summary(site: LogSite): Now<Summary>
  /** What `.index` and `.timeindex` say, if they are whole; it may cover a part of the segment only. */
  storedIndex(site: LogSite): SegmentIndex | undefined
  saveIndex(encoded: EncodedIndex, small: SmallFiles): Promise<void>
  /** Gives the memory of its index back: it is on disk. */
  unload(): void
  positionOf(offset: number, index: SegmentIndex): number
  remember(offset: number, position: number): void
  unlink(disk: Disk): void
}
/** The base offset of the batch at `at`. */
export declare const offsetIn: (bytes: Buffer, at: number) => number
