/** Writes `__cluster_metadata` and holds what it folds to. A record is applied when it is in the log; `durable` says when it stays. */
import type { Now, Platform } from '@tidemark/platform'
import { Metadata, type MetadataRecord } from '../state/topics/metadata.ts'
import type { Store } from '../storage/store.ts'
import type { Failure } from './failure.ts'
export declare class Cluster {
  #private
  readonly metadata: Metadata
  private constructor()
  /** Reads the log back and raises the leader epoch: no partition is led in the epoch of an earlier start. */
  static open(store: Store, platform: Platform, failure: Failure): Promise<Cluster>
  /** Writes and applies; finished once a crash cannot take it back. */
  write(records: readonly MetadataRecord[]): Now<void>
  checkpoint(): Promise<void>
}
