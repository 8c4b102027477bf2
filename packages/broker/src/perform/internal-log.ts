/** One partition of an internal topic as its coordinator sees it: a log of record batches, and a small file for its checkpoint. */
import type { Now } from '@tidemark/platform'

export interface InternalLog {
  readonly partition: number
  /** The first offset that is there. */
  readonly start: number
  /** The offset that the next record gets. */
  readonly end: number
  /**
   * Writes one v2 batch, which gets its offsets within the call; the buffer belongs to the log from now on. Its files are made at the first append.
   * `durable` is settled once the batch is as safe as the broker's `fsync` promises. Throws, or `durable` rejects, when the
   * storage failed or is full: the batch is not in the log then.
   */
  append(batch: Buffer): { readonly baseOffset: number; readonly durable: Now<void> }
  /** Whole batches from the one that holds `from`, at least one however large; empty at the end. */
  read(from: number, bytesMax: number): Now<Buffer>
}

/** A small file beside the log, CRC-guarded and disposable: one that is missing or damaged reads as undefined. Nothing in memory. */
export interface CheckpointStore {
  read(): Buffer | undefined
  write(bytes: Uint8Array): Promise<void>
}
