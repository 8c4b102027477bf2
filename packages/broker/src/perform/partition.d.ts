/**
 * One partition: its log, its leader epochs, what it knows of its producers, and who waits for more of it.
 *
 * `end` moves when an append begins, `highWatermark` when all appends below it are finished, in their order; readers see
 * nothing above it. So a reply that was given after its append is never ahead of what is as safe as `fsync` promises.
 */
import type { Now } from '@tidemark/platform'
import { type BatchHeader } from '@tidemark/protocol'
import type { EpochEnd } from '../state/log/leader-epochs.ts'
import type { PartitionState } from '../state/log/partition-state.ts'
import type { Verdict } from '../state/log/producers.ts'
import type { Log } from '../storage/log.ts'
/** How a partition gets at what it knows beyond its log, and keeps it. */
export interface StateKeeper {
  /** As it stands at the end of the log. */
  load(): Now<PartitionState>
  save(state: PartitionState, reaches: number): void
  /** The storage failed: nothing is written any more. */
  failure(): Error | undefined
  /** Reports it; returns the error to answer with. */
  onFailure(cause: unknown): Error
}
export interface Appended {
  readonly baseOffset: number
  /** Settled once the batch is as safe as `fsync` promises and may be read. */
  readonly durable: Now<void>
}
export declare class Partition {
  #private
  readonly topic: string
  readonly topicId: string
  readonly index: number
  readonly leaderEpoch: number
  readonly log: Log
  highWatermark: number
  /** Bytes that became readable since the partition was opened: how a long poll counts. */
  bytesShown: number
  deleted: boolean
  constructor(
    of: {
      topic: string
      topicId: string
      index: number
      leaderEpoch: number
    },
    log: Log,
    keeper: StateKeeper,
  )
  get start(): number
  get end(): number
  /** Its leader epochs and producers. Whoever checks or appends has waited for this once. */
  state(): Now<PartitionState>
  /** Whether a batch of a producer follows what the producer sent before. `state()` is finished. */
  check(header: BatchHeader): Verdict
  /**
   * Writes the batch at the end of the log: base offset and leader epoch are set in it, and the buffer belongs to the log.
   * `state()` is finished. Throws when nothing was written.
   */
  append(batch: Buffer, arrived: BatchHeader): Appended
  /** Finished once everything that was appended so far is. */
  settled(): Now<void>
  /** Whole batches that may be read, from the one that holds `from`; at least one if there is one. */
  read(from: number, bytesMax: number): Now<readonly Buffer[]>
  /** Calls each time there is more to read, and when the partition goes. Returns what ends it. */
  onChange(call: () => void): () => void
  /** Kafka's OffsetsForLeaderEpoch: the largest epoch not above `asked`, and where it ends. */
  endOfEpoch(asked: number): Now<EpochEnd>
  /** Forgets whole segments below `offset`. */
  trim(offset: number): void
  /** Saves what is derived from the log, so that a restart need not read it again. */
  checkpoint(): void
  delete(): void
}
