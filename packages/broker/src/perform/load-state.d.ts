/** Reads what a partition derives from its log: the snapshot beside it, and the batches from where that ends. */
import type { Now } from '@tidemark/platform'
import { PartitionState } from '../state/log/partition-state.ts'
import type { Log } from '../storage/log.ts'
import type { Store } from '../storage/store.ts'
export declare const STATE_FILE = 'state'
export declare function loadState(store: Store, name: string, log: Log, producersMax: number): Now<PartitionState>
