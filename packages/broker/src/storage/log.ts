/**
 * A log: record batches one after the other, each as it arrived. Two implementations keep the same contract
 * (log.case.ts): MemoryLog and FileLog.
 *
 * Offsets are given by the caller: a batch begins at `end`. `end` moves within the call of `append`; that the batch
 * may be read is the caller's to say once the append is finished.
 */
import type { Now } from '@tidemark/platform'
import type { BatchHeader } from '@tidemark/protocol'

export interface Latest {
  readonly timestampMs: number
  /** The first batch that holds a record of that time. */
  readonly baseOffset: number
}

export interface Log {
  /** The first offset that the log holds. */
  readonly start: number
  /** The offset that the next batch begins with. */
  readonly end: number
  /** Bytes of all batches. */
  readonly bytes: number
  /** Where the segment that is written to begins: all before it is sealed. */
  readonly sealedTo: number
  /**
   * Finished: as safe as `fsync` promises. Throws, or rejects, with a `TidemarkError` STORAGE_FAILED or MEMORY_FULL.
   * The batch belongs to the log.
   */
  append(batch: Buffer, header: BatchHeader): Now<void>
  /**
   * Whole batches from the one that holds `from`, none beginning at `upTo` or later; at least one however large, none
   * if there is none.
   */
  read(from: number, upTo: number, bytesMax: number): Now<readonly Buffer[]>
  /** No record before the returned offset has this time or a later one. */
  seekTime(timestampMs: number): Now<number>
  /** The latest time of all records. */
  latest(): Now<Latest | undefined>
  /** The segment that is written to is full: the next batch begins a new one. Nothing happens while it is empty. */
  roll(): void
  /**
   * Forgets old batches, in whole segments: as many as lie below `offset`, never the one that is written to. Moves
   * `start`.
   */
  trim(offset: number): void
  /**
   * The log begins at this offset, which may lie within a segment: what is below is forgotten, as far as segments
   * allow.
   */
  beginAt(offset: number): Now<void>
  /**
   * The segment that is written to is sealed, and an empty one, whose file exists, takes its place: `trim` can forget
   * all batches then. Nothing happens while it is empty.
   */
  seal(): Now<void>
  /**
   * Compaction: puts what `rewrite` leaves of sealed segments in their place, and merges small ones. Segments from the
   * first on are rewritten, none that begins at `upTo` or later; offsets stay. Resolves once readers see the new ones.
   */
  rewrite(upTo: number, rules: RewriteRules): Promise<void>
  /** Offsets at which segments begin, with their bytes and the latest time in them: what retention decides by. */
  segments(): Now<readonly SegmentFacts[]>
  /** Finished: every appended batch survives a crash of the machine. */
  sync(): Promise<void>
}

export interface RewriteRules {
  /**
   * The batch itself, a smaller one, or undefined: it goes. `staysInPlace`: it ends its segment, and at least a batch
   * without records has to stay. Throws `WireError` for one that cannot be opened.
   */
  rewrite(batch: Buffer, header: BatchHeader, staysInPlace: boolean): Buffer | undefined
  /** Asked now and then, once other work has had its turn; false: the rest stays as it is. */
  goesOn(): Promise<boolean>
}

export interface SegmentFacts {
  readonly baseOffset: number
  readonly bytes: number
  readonly maxTimestampMs: number
}

export interface LogEvents {
  /**
   * Time to save what is derived from the log: a segment is full (called before the batch that begins the next one is
   * taken in), or much was written since the last time.
   */
  onCheckpoint(): void
}

export interface LogLimits {
  readonly segmentBytesMax: number
  /** How long a segment is written to, by the times of its records. Default: for ever. */
  readonly segmentMsMax?: number
  /** Under `interval` too every append is synced before it is finished. */
  readonly syncsAlways?: boolean
  /** Where this log shall have to read less again after a crash than the store allows. */
  readonly recoveryBytesMax?: number
}
