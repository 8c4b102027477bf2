/**
 * The options of a broker: every limit has its unit in its name, and Kafka's default unless the comment says
 * otherwise.
 */
import { type Address, nodePlatform, type Platform } from '@tidemark/platform'

export const MEMORY = ':memory:'

/**
 * `never`: the machine writes when it likes; a crash of the process loses nothing, a crash of the machine may.
 * `interval`: dirty files are synced every `fsyncIntervalMs`. `always`: nothing is acknowledged before it is synced.
 */
export type Fsync = 'never' | 'interval' | 'always'

/** Where the broker listens. A client is told the address of the listener that it connected to, as in Kafka. */
export interface ListenerOptions {
  /** Kafka's `listener.name`. */
  readonly name: string
  readonly listen: Address
  /** The address that clients are told to connect to; a missing part is taken from the address of the listener. */
  readonly advertise: Partial<Address>
}

export interface BrokerOptions {
  /** A folder, or ':memory:'. */
  readonly data: string
  readonly listeners: readonly ListenerOptions[]
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
  /** Replies of all connections together: the fuller it is, the smaller are the answers to a Fetch. */
  readonly outputMemoryBytesMax: number
  /** Memory of large frames that is kept for the next ones. */
  readonly frameMemoryBytesMax: number
  /** Memory for indexes of full segments, of all logs together. */
  readonly indexMemoryBytesMax: number
  /** Memory of large reads that is kept for the next ones. */
  readonly readMemoryBytesMax: number
  /** What is read from the disk before a reader asks for it, of all logs together. 0: nothing. */
  readonly readAheadBytesMax: number
  /**
   * `:memory:` only: the records of all topics together; the broker's own may take an eighth more. Beyond it
   * producers get POLICY_VIOLATION.
   */
  readonly memoryBytesMax: number
  readonly topicsMax: number
  readonly partitionsMax: number
  /** Producers remembered by a partition; the one that has been silent longest is forgotten first. */
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
  /** Member ids that one group gave out and that did not come back with a JoinGroup yet. */
  readonly groupPendingMembersMax: number
  readonly offsetMetadataCharsMax: number
  /** `offsets.retention.minutes`: how long offsets of a group without members are kept. */
  readonly offsetsRetentionMs: number
  /** `log.retention.check.interval.ms`. */
  readonly retentionCheckIntervalMs: number
  /** Records of a coordinator partition between two checkpoints. */
  readonly checkpointIntervalRecords: number
  /**
   * Bytes of a log between two writes of its index and of what is known of its producers: what a crash has to read
   * again.
   */
  readonly recoveryBytesMax: number

  /** Producer ids that are reserved in `__cluster_metadata` at a time. */
  readonly pidBlock: number
  /** A timer that fires later than this lets one turn of I/O pass before it judges. */
  readonly timerLateMs: number
}

/** What a user gives: `data`, and what shall differ from the defaults. */
export type StartOptions = { readonly data: string } & {
  readonly [K in Exclude<keyof BrokerOptions, 'data' | 'listeners'>]?: BrokerOptions[K] | undefined
} & {
  /**
   * `'127.0.0.1:9092'`, `'[::1]:0'`, or the parts of it that differ from 127.0.0.1 and port 0, which is a free one.
   */
  readonly listen?: string | Partial<Address> | undefined
  /**
   * The address that clients are told to connect to: a host, or `host:port`. By default the address of the listener;
   * for a listener on all addresses (`0.0.0.0`, `::`) the one that the client connected to. Kafka's
   * `advertised.listeners`.
   */
  readonly advertise?: string | Partial<Address> | undefined
}

const MiB = 1024 * 1024

export const defaultListen: Address = { host: '127.0.0.1', port: 0 }

export const defaults: Omit<BrokerOptions, 'data' | 'listeners'> = {
  nodeId: 1,
  rack: null,
  fsync: 'interval',
  fsyncIntervalMs: 1000,
  platform: nodePlatform,
  frameBytesMax: 100 * MiB,
  messageBytesMax: MiB + 12,
  segmentBytesMax: 1024 * MiB,
  indexIntervalBytes: 4096,
  fetchBytesMax: 55 * MiB,
  connectionsMax: 10_000,
  requestsInFlightMax: 64,
  outputBufferBytesMax: 8 * MiB,
  outputMemoryBytesMax: 64 * MiB,
  frameMemoryBytesMax: 32 * MiB,
  indexMemoryBytesMax: 16 * MiB,
  readMemoryBytesMax: 32 * MiB,
  readAheadBytesMax: 16 * MiB,
  memoryBytesMax: 256 * MiB,
  topicsMax: 100_000,
  partitionsMax: 200_000,
  producersPerPartitionMax: 10_000,
  openFilesMax: 1000,
  autoCreateTopics: true,
  numPartitions: 1,
  offsetsPartitions: 50,
  groupInitialRebalanceDelayMs: 0,
  groupSessionTimeoutMinMs: 10,
  groupSessionTimeoutMaxMs: 1_800_000,
  groupMaxSize: 2_147_483_647,
  groupsMax: 100_000,
  groupPendingMembersMax: 10_000,
  offsetMetadataCharsMax: 4096,
  offsetsRetentionMs: 7 * 24 * 60 * 60 * 1000,
  retentionCheckIntervalMs: 300_000,
  checkpointIntervalRecords: 5_000,
  recoveryBytesMax: 64 * MiB,
  pidBlock: 1000,
  timerLateMs: 50,
}
