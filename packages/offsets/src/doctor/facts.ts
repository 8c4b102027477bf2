/** What the rules of the doctor look at: read once, for all of them. Plain data. */
import type { TopicPartition } from '@tidemark/client'
import type { PartitionLag } from '../lag/measure.ts'
import type { DescribedMember } from '../read/describe-groups.ts'
import type { GroupKind } from '../read/kinds.ts'
import type { PositionError } from '../read/limits.ts'

export interface ExaminedGroup {
  readonly group: string
  readonly kind: GroupKind
  readonly state: string
  readonly members: readonly DescribedMember[]
  readonly partitions: readonly PartitionLag[]
  /** Partitions of topics of which others are committed, that hold records and of which none is committed. */
  readonly uncommitted: readonly (TopicPartition & { readonly records: number })[]
  /** From `__consumer_offsets`; undefined: it was not read. */
  readonly history: GroupHistory | undefined
  readonly error: PositionError | null
}

export interface GroupHistory {
  /** In milliseconds since 1970; undefined: it has members, or the log does not say. */
  readonly emptySinceMs: number | undefined
  /** By key of the partition, in milliseconds since 1970. */
  readonly committedAtMs: ReadonlyMap<string, number>
}

export interface OpenTransaction extends TopicPartition {
  readonly producerId: string
  readonly startOffset: number
  readonly lastTimestampMs: number
}

export interface Facts {
  readonly nowMs: number
  readonly groups: readonly ExaminedGroup[]
  /** Ends of leader epochs of committed offsets, by key. */
  readonly epochEnds: ReadonlyMap<string, number>
  /** Of partitions whose last stable offset is before the end. */
  readonly transactions: readonly OpenTransaction[]
  readonly offsetsRetentionMs: number
  readonly metadataMax: number
  /** Whether MirrorMaker 2 writes into this cluster. */
  readonly isMirrored: boolean
  /** Why the history of commits was not read; null: it was. */
  readonly historyMissing: string | null
}
