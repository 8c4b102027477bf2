/** What a broker can be told: every limit has its unit in its name and Kafka's default unless the comment says otherwise. */
import { type Address, type Platform } from '@tidemark/platform'
export declare const MEMORY = ':memory:'
/**
 * `never`: the machine writes when it likes; a crash of the process loses nothing, a crash of the machine may.
 * `interval`: dirty files are synced every `fsyncIntervalMs`. `always`: nothing is acknowledged before it is synced.
 */
export type Fsync = 'never' | 'interval' | 'always'
export interface BrokerOptions {
  /** A folder, or ':memory:'. */
  readonly data: string
  readonly listen: Address
  /** What clients are told to connect to; undefined: the address that the listener really has. */
  readonly advertised: Partial<Address> | undefined
  readonly nodeId: number
  readonly rack: string | null
  readonly fsync: Fsync
  readonly fsyncIntervalMs: number
  readonly platform: Platform
  /** `socket.request.max.bytes`. */
  readonly frameBytesMax: number
  /** `max.message.bytes`, of a batch: a topic may have its own. */
  readonly messageBytesMax: number
  /** `log.segment.bytes`. */
  readonly segmentBytesMax: number
  readonly indexIntervalBytes: number
  /** `fetch.max.bytes` of the broker. */
  readonly fetchBytesMax: number
  readonly connectionsMax: number
  /** Requests of one connection that were read and are not answered yet. */
  readonly requestsInFlightMax: number
  /** Replies of one connection that its client has not taken; above it no further request of it is begun. */
  readonly outputBufferBytesMax: number
  /** `:memory:` only: the records of all topics together. */
  readonly memoryBytesMax: number
  readonly topicsMax: number
  readonly partitionsMax: number
  /** Producers remembered by a partition; the one that was silent longest is forgotten first. */
  readonly producersPerPartitionMax: number
  /** Files of segments that are open at once. */
  readonly openFilesMax: number
  readonly autoCreateTopics: boolean
  readonly numPartitions: number
  /** Partitions of `__consumer_offsets`. */
  readonly offsetsPartitions: number
  readonly groupInitialRebalanceDelayMs: number
  /** Kafka's default is 6,000: low here, so that tests need not wait. */
  readonly groupSessionTimeoutMinMs: number
  readonly groupSessionTimeoutMaxMs: number
  readonly groupMaxSize: number
  readonly groupsMax: number
  readonly offsetMetadataCharsMax: number
  /** Records of a coordinator partition between two checkpoints. */
  readonly checkpointIntervalRecords: number
  /** Bytes of a log between two writes of its index and of what is known of its producers: what a crash has to read again. */
  readonly recoveryBytesMax: number
  /** Producer ids that are reserved in `__cluster_metadata` at a time. */
  readonly pidBlock: number
  /** A timer that fires later than this lets one turn of I/O pass before it judges. */
  readonly timerLateMs: number
}
/** What a user gives: `data`, and whatever shall differ from the defaults. */
export type StartOptions = {
  readonly data: string
} & {
  readonly [K in Exclude<keyof BrokerOptions, 'data' | 'listen'>]?: BrokerOptions[K] | undefined
} & {
  readonly listen?: Partial<Address> | undefined
}
/** Throws a `TidemarkError` INVALID_OPTION that names the option. */
export declare function resolveOptions(given: StartOptions): BrokerOptions
