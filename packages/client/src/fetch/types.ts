/** The interface between a fetcher and its owner. */
import type { TidemarkError } from '@tidemark/platform'
import type { Isolation } from '../cluster/types.ts'
import type { FetchedMessage } from '../messages/message.ts'
import type { Offset } from '../messages/offset.ts'

/**
 * Where to read on. `leaderEpoch` is that of the last record before it, as committed with it; -1 or absent: not
 * known.
 */
export interface Position {
  readonly offset: number
  readonly leaderEpoch?: number
  /** Of the topic that the position is in, as the wire has it; undefined: the one that has the name now. */
  readonly topicId?: string | undefined
}

/** Where the owner goes on after what it was given: behind the last batch, markers and holes included. */
export interface NextPosition {
  readonly offset: Offset
  readonly leaderEpoch: number
}

/**
 * What came with the records. Call `release` once they are done with: until then the whole response that they are
 * views on counts as buffered, or, after `keepOnly`, what was copied out of it.
 */
export interface Delivery {
  /** Of the partition's records, decompressed. */
  readonly bytes: number
  readonly highWatermark: Offset
  /** -1: the broker did not say. */
  readonly lastStableOffset: Offset
  readonly logStartOffset: Offset
  /**
   * Fetching of this partition waits because it has two full answers handed out, or fetching of any partition waits
   * because `bufferBytesMax` is reached.
   */
  readonly isCrowded: boolean
  /** Of these two, whether it is `bufferBytesMax`. */
  readonly isMemoryShort: boolean
  /**
   * The owner has copied out what it still needs (`FetchedMessage.detach`), so many bytes of 0 or more: nothing of
   * the delivery is a view on the response any more. From now on `bytes` count against `bufferBytesMax`, and nothing
   * against the two answers of the partition, which is fetched on. May be called again with less; more than before is
   * ignored, as is any call after `release`.
   */
  keepOnly(bytes: number): void
  /** A second call does nothing. */
  release(): void
}

/** The partition stands still after any of these, until it is added again. */
export type FetchProblem =
  /** The position is not in the log (any more, or yet). */
  | { readonly kind: 'out_of_range'; readonly offset: number; readonly error: TidemarkError }
  /**
   * What was read up to the position is gone from the log (KIP-320). `end` is where the common part ends, if it is
   * known.
   */
  | {
      readonly kind: 'truncated'
      readonly offset: number
      readonly end: { readonly offset: Offset; readonly leaderEpoch: number } | undefined
      readonly error: TidemarkError
    }
  /** The topic was deleted and created again: positions in the old one mean nothing in the new one. */
  | { readonly kind: 'replaced'; readonly topicId: string; readonly error: TidemarkError }
  /** Anything that another attempt does not fix: CORRUPT_BATCH, TOPIC_AUTHORIZATION_FAILED, FRAME_TOO_LARGE, … */
  | { readonly kind: 'failed'; readonly error: TidemarkError }

/** `Claim` is the owner's own word for one hold on a partition; it is handed back as it was given. */
export interface FetchOwner<Claim> {
  /**
   * Records in their order; none of them if only the position moved. Called in the turn of the answer; must not
   * throw.
   */
  onRecords(claim: Claim, messages: readonly FetchedMessage[], next: NextPosition, delivery: Delivery): void
  onProblem(claim: Claim, problem: FetchProblem): void
  /**
   * A Fetch was held back because a partition has two full answers handed out, or because of `bufferBytesMax`: the
   * owner may copy out what has to wait, and call `keepOnly`. Called in a microtask of its own, however many
   * partitions wait; it may call back into the fetcher. With slow handlers this is the normal state, so it must be
   * cheap.
   */
  onCrowded?(): void
}

export interface FetcherOptions {
  readonly isolation?: Isolation
  /** How long a broker may park a Fetch that finds nothing. Kafka: `fetch.max.wait.ms`. Default: 500. */
  readonly waitMaxMs?: number
  /** Kafka: `fetch.min.bytes`. Default: 1. */
  readonly bytesMin?: number
  /** Kafka: `fetch.max.bytes`. Default: 16 MiB. */
  readonly bytesMax?: number
  /** Kafka: `max.partition.fetch.bytes`. Default: 1 MiB. */
  readonly partitionBytesMax?: number
  /**
   * Bytes of responses and decompressed batches that are not released, plus those requested. Default: 64 MiB. One
   * batch larger than this still comes through.
   */
  readonly bufferBytesMax?: number
  /**
   * Where this program runs. A leader names a replica in the same rack to read from, if the brokers have a replica
   * selector (KIP-392). Kafka: `client.rack`. Default: none.
   */
  readonly rack?: string
  /** Whether brokers keep what is read from them between two requests (KIP-227). Default: true. */
  readonly sessions?: boolean
  /** Kafka: `check.crcs`. Default: true. */
  readonly checkCrc?: boolean
}
