/**
 * The options of a broker: every limit has its unit in its name, and Kafka's default unless the comment says
 * otherwise.
 */
import { type Address, type ListenTls, nodePlatform, type Platform } from '@tidemark/platform'
import type { WrittenAcl } from './auth/written-acl.ts'

export const MEMORY = ':memory:'

/**
 * `never`: the machine writes when it likes; a crash of the process loses nothing, a crash of the machine may.
 * `interval`: dirty files are synced every `fsyncIntervalMs`. `always`: nothing is acknowledged before it is synced.
 */
export type Fsync = 'never' | 'interval' | 'always'

/** Kafka's `LeaderSelector` (none is set) and `RackAwareReplicaSelector`. */
export type ReplicaSelector = 'leader' | 'rack-aware'

/** Kafka's `SecurityProtocol`: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL. */
export type ListenerProtocol = 'plaintext' | 'tls' | 'sasl_plaintext' | 'sasl_tls'
export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer'

/** What a listener shows its clients, and asks of them: PEM text or bytes. */
export interface ListenerTls {
  readonly cert?: string | Buffer | undefined
  readonly key?: string | Buffer | undefined
  /** Certificate and key as PKCS#12. */
  readonly pfx?: Buffer | undefined
  readonly passphrase?: string | undefined
  /** What certificates of clients must be signed by. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined
  /**
   * Whether a client shows a certificate: it is `User:` and its distinguished name then. Kafka: `ssl.client.auth`.
   * Default: none.
   */
  readonly clientAuth?: 'none' | 'requested' | 'required' | undefined
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
}

/** One of several listeners, as `startBroker` takes it. */
export interface ListenerChoice extends ListenOptions {
  /** Kafka's `listener.name`. Default: Kafka's name of the protocol. */
  readonly name?: string | undefined
  /** Default: plaintext. */
  readonly protocol?: ListenerProtocol | undefined
  /** For `tls` and `sasl_tls`. */
  readonly tls?: ListenerTls | undefined
  /** For `sasl_plaintext` and `sasl_tls`. Kafka: `sasl.enabled.mechanisms`. */
  readonly sasl?: readonly SaslMechanism[] | undefined
  /**
   * Who may authenticate here by PLAIN and SCRAM, and nobody else: neither option `users` nor the users that are kept
   * count. Default: those.
   */
  readonly users?: Readonly<Record<string, string>> | undefined
}

/** Which tokens OAUTHBEARER takes. */
export interface OAuthOptions {
  /** The keys that tokens are signed with: where they are published, or a JSON Web Key Set. */
  readonly jwks?: string | { readonly keys: readonly object[] } | undefined
  readonly issuer?: string | undefined
  readonly audience?: string | readonly string[] | undefined
  /** The claim that names the user. Kafka: `sasl.oauthbearer.sub.claim.name`. Default: sub. */
  readonly principalClaim?: string | undefined
  /** Tokens that nobody has signed are taken too: for tests alone. Default: false. */
  readonly unsigned?: boolean | undefined
}

/** Where the broker listens. A client is told the address of the listener that it connected to, as in Kafka. */
export interface ListenerOptions {
  /** Kafka's `listener.name`. */
  readonly name: string
  readonly protocol: ListenerProtocol
  readonly tls: ListenTls | undefined
  readonly mechanisms: readonly SaslMechanism[]
  /** The only ones; undefined: those of the broker. */
  readonly users?: Readonly<Record<string, string>> | undefined
  readonly listen: Address
  /** The address that clients are told to connect to; a missing part is taken from the address of the listener. */
  readonly advertise: Partial<Address>
}

export interface AuthorizerOptions {
  /** `User:NAME`: may do anything, whatever the ACLs say. Kafka: `super.users`. */
  readonly superUsers: readonly string[]
  /** Whether everyone may use what no ACL speaks of. Kafka: `allow.everyone.if.no.acl.found`. Default: false. */
  readonly allowEveryoneIfNoAclFound?: boolean | undefined
  /** Made when the broker starts, beside those that it has. Default: none. */
  readonly acls?: readonly WrittenAcl[] | undefined
}

export interface BrokerOptions {
  /** A folder, or `':memory:'`. */
  readonly data: string
  readonly listeners: readonly ListenerOptions[]
  /** The id that clients know the broker by. Kafka: `node.id`. Default: 1. */
  readonly nodeId: number
  /**
   * How many nodes the process is, each with an id (`nodeId` and those after it) and an address of its own: for topics
   * with replicas, leaders that move, and nodes that stop, on one machine. They serve the same logs, and nothing is
   * copied. A port that is named is that of the first node, and the others have those after it. Default: 1.
   */
  readonly nodes: number
  /** Where the broker is, for clients that read from a near replica. Kafka: `broker.rack`. Default: none. */
  readonly rack: string | null
  /**
   * Where each of several nodes is (option `nodes`), instead of `rack`; null: that node has no rack. Replicas are
   * spread over the racks. Default: null, all of them have `rack`.
   */
  readonly racks: readonly (string | null)[] | null
  /**
   * Which replica consumers with a rack read from (KIP-392). `leader`: the leader alone answers a Fetch. `rack-aware`:
   * the leader names an in-sync replica of the client's rack, and replicas answer a Fetch of version 11 and later.
   * Kafka: `replica.selector.class`. Default: leader.
   */
  readonly replicaSelector: ReplicaSelector
  /**
   * Users and their passwords, for PLAIN and SCRAM; users of SCRAM can also be made while the broker runs
   * (`admin.users`). Kept in memory alone. Default: none.
   */
  readonly users: Readonly<Record<string, string>>
  /** Which tokens OAUTHBEARER takes. Default: none. */
  readonly oauth: OAuthOptions | null
  /**
   * After how long a client has to authenticate again (KIP-368); 0: never. Kafka: `connections.max.reauth.ms`. Default:
   * 0.
   */
  readonly connectionReauthMsMax: number
  /** How long a client of a listener with SASL may take to authenticate. Default: 10,000. */
  readonly authenticationTimeoutMs: number
  /**
   * How long a refused client waits for its answer. Kafka: `connection.failed.authentication.delay.ms`. Default: 100.
   */
  readonly failedAuthenticationDelayMs: number
  /**
   * After how long without a request a connection is closed. Kafka: `connections.max.idle.ms`. Default: 600,000.
   */
  readonly connectionIdleMs: number
  /**
   * Whether clients may do only what ACLs allow them to, and who may do anything: `User:admin`. Kafka:
   * `authorizer.class.name`, `super.users`. Default: null, everyone may do anything.
   */
  readonly authorizer: AuthorizerOptions | null
  /** When what was written is synced: see `Fsync`. Default: interval. */
  readonly fsync: Fsync
  /** For `fsync: 'interval'`. Kafka: `log.flush.interval.ms`. Default: 1,000. */
  readonly fsyncIntervalMs: number
  /** Time, chance, network and disk, for simulations. Default: the real ones. */
  readonly platform: Platform

  /** The largest request that is read. Kafka: `socket.request.max.bytes`. Default: 100 MiB. */
  readonly frameBytesMax: number
  /** The largest batch; a topic may have its own limit. Kafka: `message.max.bytes`. Default: 1 MiB and 12 bytes. */
  readonly messageBytesMax: number
  /** The size of a segment; a topic may have its own. Kafka: `log.segment.bytes`. Default: 1 GiB. */
  readonly segmentBytesMax: number
  /** Bytes of a log between two entries of its index. Kafka: `log.index.interval.bytes`. Default: 4,096. */
  readonly indexIntervalBytes: number
  /** The largest answer to a Fetch. Kafka: `fetch.max.bytes`. Default: 55 MiB. */
  readonly fetchBytesMax: number
  /**
   * Fetch sessions at once (KIP-227): beyond it a client's requests name all that it reads, each time. 0: none. Kafka:
   * `max.incremental.fetch.session.cache.slots`. Default: 1,000.
   */
  readonly fetchSessionsMax: number
  /** Partitions that all fetch sessions may have together. Kafka has no such limit. Default: 500,000. */
  readonly fetchSessionPartitionsMax: number
  /** More are closed as soon as they are accepted. Kafka: `max.connections`. Default: 10,000. */
  readonly connectionsMax: number
  /** Requests of one connection that were read and are not answered yet. Default: 64. */
  readonly requestsInFlightMax: number
  /**
   * Replies of one connection that its client has not taken; above it no further request of it is begun. Default: 8
   * MiB.
   */
  readonly outputBufferBytesMax: number
  /** Replies of all connections together: the fuller it is, the smaller are the answers to a Fetch. Default: 64 MiB. */
  readonly outputMemoryBytesMax: number
  /** Memory of large frames that is kept for the next ones. Default: 32 MiB. */
  readonly frameMemoryBytesMax: number
  /** Memory for indexes of full segments, of all logs together. Default: 16 MiB. */
  readonly indexMemoryBytesMax: number
  /** Memory of large reads that is kept for the next ones. Default: 32 MiB. */
  readonly readMemoryBytesMax: number
  /** What is read from the disk before a reader asks for it, of all logs together; 0 means nothing. Default: 16 MiB. */
  readonly readAheadBytesMax: number
  /**
   * `:memory:` only: the records of all topics together; the broker's own may take an eighth more. Beyond it producers
   * get POLICY_VIOLATION. Default: 256 MiB.
   */
  readonly memoryBytesMax: number
  /** How many topics there may be. Default: 100,000. */
  readonly topicsMax: number
  /** How many partitions all topics may have together. Default: 200,000. */
  readonly partitionsMax: number
  /** Producers remembered by a partition; the one that has been silent longest is forgotten first. Default: 10,000. */
  readonly producersPerPartitionMax: number
  /** Files of segments that are open at once. Default: 1,000. */
  readonly openFilesMax: number

  /**
   * Whether a topic that does not exist is created when it is asked for. Kafka: `auto.create.topics.enable`. Default:
   * true.
   */
  readonly autoCreateTopics: boolean
  /** Partitions of a topic that is created without a number. Kafka: `num.partitions`. Default: 1. */
  readonly numPartitions: number
  /** Partitions of `__consumer_offsets`. Kafka: `offsets.topic.num.partitions`. Default: 50. */
  readonly offsetsPartitions: number

  /**
   * How long a new group waits for more members before its first rebalance. Kafka: `group.initial.rebalance.delay.ms`.
   * Default: 0 (Kafka's is 3,000), so that tests need not wait.
   */
  readonly groupInitialRebalanceDelayMs: number
  /**
   * The shortest session time-out that a member may ask for. Kafka: `group.min.session.timeout.ms`. Default: 10
   * (Kafka's is 6,000), so that tests need not wait.
   */
  readonly groupSessionTimeoutMinMs: number
  /** The longest one. Kafka: `group.max.session.timeout.ms`. Default: 1,800,000. */
  readonly groupSessionTimeoutMaxMs: number
  /** Members of one group. Kafka: `group.max.size`. Default: 2,147,483,647. */
  readonly groupMaxSize: number
  /** How many groups there may be. Default: 100,000. */
  readonly groupsMax: number
  /** Member ids that one group gave out and that did not come back with a JoinGroup yet. Default: 10,000. */
  readonly groupPendingMembersMax: number
  /**
   * The longest metadata of a committed offset, in UTF-16 units. Kafka: `offset.metadata.max.bytes`. Default: 4,096.
   */
  readonly offsetMetadataCharsMax: number
  /** How long offsets of a group without members are kept. Kafka: `offsets.retention.minutes`. Default: 7 days. */
  readonly offsetsRetentionMs: number
  /** How often segments are looked at for deletion. Kafka: `log.retention.check.interval.ms`. Default: 300,000. */
  readonly retentionCheckIntervalMs: number
  /** How often logs are looked at for compaction. Kafka: `log.cleaner.backoff.ms`. Default: 15,000. */
  readonly compactionIntervalMs: number
  /**
   * Memory for the last offsets of keys while a partition is compacted, 32 bytes a key; more keys take several rounds.
   * Kafka: `log.cleaner.dedupe.buffer.size`. Default: 32 MiB.
   */
  readonly compactionMemoryBytesMax: number
  /** Records of a coordinator partition between two checkpoints. Default: 5,000. */
  readonly checkpointIntervalRecords: number
  /**
   * Bytes of a log between two writes of its index and of what is known of its producers: what a crash has to read
   * again. Default: 64 MiB.
   */
  readonly recoveryBytesMax: number

  /** Producer ids that are reserved in `__cluster_metadata` at a time. Default: 1,000. */
  readonly pidBlock: number
  /** A timer that fires later than this lets one turn of I/O pass before it judges. Default: 50. */
  readonly timerLateMs: number
}

export interface ListenOptions {
  /**
   * `'127.0.0.1:9092'`, `'[::1]:0'`, or the parts of it that differ from the default. Kafka: `listeners`. Default:
   * 127.0.0.1 and a free port.
   */
  readonly listen?: string | Partial<Address> | undefined
  /**
   * The address that clients are told to connect to: a host, or `host:port`. Kafka: `advertised.listeners`. Default:
   * the address of the listener, and for one on all addresses (`0.0.0.0`, `::`) that which the client connected to.
   */
  readonly advertise?: string | Partial<Address> | undefined
}

/** What a user gives: `data`, and what shall differ from the defaults. */
export type StartOptions = { readonly data: string } & {
  readonly [K in Exclude<keyof BrokerOptions, 'data' | 'listeners'>]?: BrokerOptions[K] | undefined
} & ListenOptions & {
    /**
     * Several listeners, each with its own address, protocol and advertised address; instead of `listen` and
     * `advertise`.
     */
    readonly listeners?: readonly ListenerChoice[] | undefined
  }

const MiB = 1024 * 1024

export const defaultListen: Address = { host: '127.0.0.1', port: 0 }

export const defaults: Omit<BrokerOptions, 'data' | 'listeners'> = {
  nodeId: 1,
  nodes: 1,
  rack: null,
  racks: null,
  replicaSelector: 'leader',
  users: {},
  oauth: null,
  connectionReauthMsMax: 0,
  authenticationTimeoutMs: 10_000,
  failedAuthenticationDelayMs: 100,
  connectionIdleMs: 600_000,
  authorizer: null,
  fsync: 'interval',
  fsyncIntervalMs: 1000,
  platform: nodePlatform,
  frameBytesMax: 100 * MiB,
  messageBytesMax: MiB + 12,
  segmentBytesMax: 1024 * MiB,
  indexIntervalBytes: 4096,
  fetchBytesMax: 55 * MiB,
  fetchSessionsMax: 1000,
  fetchSessionPartitionsMax: 500_000,
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
  compactionIntervalMs: 15_000,
  compactionMemoryBytesMax: 32 * 1024 * 1024,
  checkpointIntervalRecords: 5_000,
  recoveryBytesMax: 64 * MiB,
  pidBlock: 1000,
  timerLateMs: 50,
}
