/**
 * One partition of an internal topic as its coordinator sees it: a log of record batches, and a small file for its
 * checkpoint.
 */
import type { Now } from '@tidemark/platform'
import type { LogPoint } from '../state/log/point.ts'

export interface InternalLog {
  /** As errors name it: its path in the folder of the data. */
  readonly name: string
  readonly partition: number
  /** The first offset that the log holds. */
  readonly start: number
  /** The offset that the next record gets. */
  readonly end: number
  /**
   * Writes one v2 batch, which gets its offsets within the call; the buffer belongs to the log from now on. Its files
   * are made at the first append. `durable` is settled once the batch is as safe as the broker's `fsync` promises.
   * Throws, or `durable` rejects, with a `TidemarkError` when the storage failed or is full: the batch is not in the
   * log then.
   */
  append(batch: Buffer): { readonly baseOffset: number; readonly durable: Now<void> }
  /** Whole batches from the one that holds `from`, at least one however large; empty at the end. */
  read(from: number, bytesMax: number): Now<Buffer>
  /** Whether a batch of the log ends at this point: what was saved at the point belongs to this log. */
  holds(point: LogPoint): Now<boolean>
  /** The next batch begins a new segment, so that `trim` can forget all before it. */
  roll(): void
  /** Forgets the segments below `offset`. */
  trim(offset: number): void
}

/** A small file beside the log, CRC-guarded and disposable: a missing or damaged one reads as undefined. */
export interface CheckpointStore {
  read(): Buffer | undefined
  write(bytes: Uint8Array): Promise<void>
}

/** The logs of an internal topic. */
export interface InternalTopic {
  readonly name: string
  /** The partitions in which something was written. */
  used(): readonly number[]
  /** Throws, or rejects, with a `TidemarkError` or `DiskError` if the log cannot be opened. */
  open(partition: number): Now<InternalLog>
  /** Undefined: nothing of it outlives the process. */
  checkpoints(partition: number): CheckpointStore | undefined
}
