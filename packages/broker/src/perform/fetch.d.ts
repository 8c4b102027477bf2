/** Reads what a Fetch asks for, and waits for more where there is too little (long poll). */
import { type Clock, type Now } from '@tidemark/platform'
import type { EpochEnd } from '../state/log/leader-epochs.ts'
import type { Partition } from './partition.ts'
/** One partition of the request: found and open, or the error that stands for it. */
export interface Wanted {
  readonly partition: Partition | undefined
  readonly code: number
  /** What to say if it is deleted meanwhile. */
  readonly goneCode: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
  readonly bytesMax: number
}
export interface Read {
  readonly code: number
  readonly records: readonly Buffer[]
  readonly bytes: number
  readonly highWatermark: number
  readonly logStartOffset: number
  readonly diverging: EpochEnd | undefined
}
/** Reads each partition in its turn, beginning with the `first`. The first batch of all is read however large (KIP-74). */
export declare function readAll(wanted: readonly Wanted[], first: number, bytesMax: number): Now<Read[]>
/**
 * Resolves when `bytesMin` more bytes can be read from the partitions together, one of them is deleted, `waitMs` have passed or
 * the signal aborts. The append that brings enough resolves it in its own call.
 */
export declare function waitForBytes(
  wanted: readonly Wanted[],
  bytesMin: number,
  waitMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void>
