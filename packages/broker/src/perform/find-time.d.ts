/** Finds records by time. The index leads to a batch; the batch is opened, since its header knows only its latest time. */
import type { Now } from '@tidemark/platform'
import type { Partition } from './partition.ts'
export interface Found {
  readonly offset: number
  readonly timestampMs: number
  readonly leaderEpoch: number
}
/** The first record, by offset, whose time is `timestampMs` or later; times need not be in order. */
export declare function firstAtOrAfter(partition: Partition, timestampMs: number): Now<Found | undefined>
/** The first record of those with the latest time. */
export declare function latestByTime(partition: Partition): Now<Found | undefined>
