/** Every option of a consumer, its default and its unit. Kafka's own setting stands beside each. */
import type { Isolation } from '@tidemark/client'
import type { FetcherOptions } from '@tidemark/client/internal'
import {
  checkFunction,
  checkOptions,
  countOption,
  describe,
  durationOption,
  flagOption,
  nameOption,
  type OptionNames,
  TidemarkError,
  timeOption,
  wordOption,
} from '@tidemark/platform'
import type { StartAt, StartFrom } from './claims/placement.ts'
import type { CommitterOptions } from './commit/committer.ts'
import { type AssignorName, assignors } from './membership/classic/assignors/index.ts'
import type { CommitMode } from './work/work.ts'

/**
 * What to do when the position is not in the log: records were deleted, the log was truncated, or the topic replaced
 * (`auto.offset.reset`, for that case alone).
 */
export type OutOfRange = 'fail' | 'earliest' | 'latest'

export interface CommitOptions {
  /** What is committed, and when: `'processed'`, `'delivered'` or `'manual'`. Default: `'processed'`. */
  readonly mode?: CommitMode
  /** How often what is due is committed. Kafka: `auto.commit.interval.ms`. Default: 1,000. */
  readonly intervalMs?: number
  /** A commit is also sent after so many finished records. Default: 50,000. */
  readonly recordsMax?: number
  /**
   * Whether a commit carries which records above its offset are done, so that none of them is handled again. Default:
   * true.
   */
  readonly completionMap?: boolean
  /** How long `commit()` waits for the acknowledgement. Default: 30,000. */
  readonly timeoutMs?: number
}

export interface ConsumerOptions {
  /** The group that it is a member of. Kafka: `group.id`. */
  readonly group: string
  /**
   * Where to begin if nothing is committed: `'earliest'`, `'latest'`, a `Date` or `'fail'`. `'latest'` loses what
   * arrives before a new partition is seen. Kafka: `auto.offset.reset`, for that case alone. Default: `'earliest'`.
   */
  readonly startFrom?: StartFrom
  /** Where to begin in a partition, asked whenever one is assigned: for positions that are kept elsewhere. */
  readonly startAt?: StartAt
  /**
   * What to do when the position is not in the log: `'fail'`, or go on at `'earliest'` or `'latest'`. Kafka:
   * `auto.offset.reset`, for that case alone. Default: `'fail'`.
   */
  readonly outOfRange?: OutOfRange
  /** A mode, or a mode and more: the table of `commit`. Default: `'processed'`. */
  readonly commit?: CommitMode | CommitOptions
  /**
   * Whether records of transactions that are not committed are read. Kafka: `isolation.level`. Default:
   * `'read_committed'`.
   */
  readonly isolation?: Isolation
  /**
   * The preferred one first. Kafka: `partition.assignment.strategy`. Default: cooperative-sticky, range, roundrobin.
   */
  readonly assignors?: readonly AssignorName[]
  /** A name of this member that outlives the process (KIP-345). Kafka: `group.instance.id`. Default: none. */
  readonly instanceId?: string
  /**
   * Where this client is; partitions are read from a replica in the same rack if the cluster has one (KIP-392), and the
   * group gives such partitions to this member as far as it stays even (KIP-881). Kafka: `client.rack`. Default: none.
   */
  readonly rack?: string
  /**
   * A member that the coordinator has not heard for so long is expelled. Kafka: `session.timeout.ms`. Default: 45,000.
   */
  readonly sessionTimeoutMs?: number
  /**
   * How often the coordinator hears from the member. Kafka: `heartbeat.interval.ms`. Default: a fifteenth of the
   * session time-out.
   */
  readonly heartbeatIntervalMs?: number
  /** How long partitions may take to be drained and given up. Kafka: `max.poll.interval.ms`. Default: 60,000. */
  readonly rebalanceTimeoutMs?: number
  /**
   * How long the group may take to answer for the first time, before `run()` rejects with UNREACHABLE; may be Infinity.
   * Default: 30,000.
   */
  readonly startTimeoutMs?: number
  /** How long a shutdown waits for handlers. Default: 30,000. */
  readonly shutdownTimeoutMs?: number
  /** Records of one partition that were fetched and wait for a handler; fetching pauses above. Default: 20,000. */
  readonly waitingRecordsMax?: number
  /**
   * Records of one partition between the committable offset and the newest one started; fetching pauses above. Default:
   * 500,000.
   */
  readonly uncommittedRecordsMax?: number
  /** Bytes of all partitions that were fetched and are held. Default: 64 MiB. */
  readonly bufferBytesMax?: number
  /**
   * For patterns: how often the cluster is asked for all of its topics. Kafka: `metadata.max.age.ms`. Default: 30,000.
   */
  readonly topicsIntervalMs?: number
  /** Bytes of one answer, all partitions together. Kafka: `fetch.max.bytes`. Default: 16 MiB. */
  readonly fetchBytesMax?: number
  /** Bytes of one partition in one answer. Kafka: `max.partition.fetch.bytes`. Default: 1 MiB. */
  readonly partitionBytesMax?: number
  /**
   * How long a broker may hold a request for which there is nothing to read. Kafka: `fetch.max.wait.ms`. Default: 500.
   */
  readonly fetchWaitMaxMs?: number
  /** A broker answers once it has so many, or `fetchWaitMaxMs` is over. Kafka: `fetch.min.bytes`. Default: 1. */
  readonly fetchBytesMin?: number
}

export interface ResolvedOptions extends Required<Omit<ConsumerOptions, 'commit' | 'startAt' | 'instanceId' | 'rack'>> {
  readonly startAt: StartAt | undefined
  readonly instanceId: string | undefined
  readonly rack: string | undefined
  readonly commit: Required<CommitOptions>
}

const OPTIONS: OptionNames<ConsumerOptions> = {
  group: true,
  startFrom: true,
  startAt: true,
  outOfRange: true,
  commit: true,
  isolation: true,
  assignors: true,
  instanceId: true,
  rack: true,
  sessionTimeoutMs: true,
  heartbeatIntervalMs: true,
  rebalanceTimeoutMs: true,
  startTimeoutMs: true,
  shutdownTimeoutMs: true,
  waitingRecordsMax: true,
  uncommittedRecordsMax: true,
  bufferBytesMax: true,
  topicsIntervalMs: true,
  fetchBytesMax: true,
  partitionBytesMax: true,
  fetchWaitMaxMs: true,
  fetchBytesMin: true,
}
const COMMIT_OPTIONS: OptionNames<CommitOptions> = { mode: true, intervalMs: true, recordsMax: true, completionMap: true, timeoutMs: true }
const ALL_ASSIGNORS: readonly AssignorName[] = ['cooperative-sticky', 'range', 'roundrobin']
const MODES: readonly CommitMode[] = ['processed', 'delivered', 'manual']
const MIB = 1024 * 1024
const INT32_MAX = 2 ** 31 - 1

/** Throws `TidemarkError` INVALID_OPTION, which names the option. */
export function resolveOptions(options: ConsumerOptions): ResolvedOptions {
  checkOptions<ConsumerOptions>('createConsumer()', options, OPTIONS)
  const { startAt, instanceId, rack } = options
  if (startAt !== undefined) checkFunction("option 'startAt'", startAt)
  return {
    group: nameOption('group', options.group),
    startFrom: startFromOption(options.startFrom),
    startAt,
    outOfRange: wordOption('outOfRange', options.outOfRange ?? 'fail', ['fail', 'earliest', 'latest']),
    commit: commitOptions(options.commit),
    isolation: wordOption('isolation', options.isolation ?? 'read_committed', ['read_committed', 'read_uncommitted']),
    assignors: assignorsOption(options.assignors),
    instanceId: instanceId === undefined ? undefined : nameOption('instanceId', instanceId),
    rack: rack === undefined ? undefined : nameOption('rack', rack),
    ...timeouts(options),
    ...limits(options),
  }
}

function timeouts(options: ConsumerOptions) {
  const sessionTimeoutMs = durationOption('sessionTimeoutMs', options.sessionTimeoutMs ?? 45_000)
  const defaultHeartbeatMs = Math.max(1, Math.round(sessionTimeoutMs / 15))
  const heartbeatIntervalMs = durationOption('heartbeatIntervalMs', options.heartbeatIntervalMs ?? defaultHeartbeatMs)
  if (heartbeatIntervalMs >= sessionTimeoutMs) {
    const text = `option 'heartbeatIntervalMs' is ${heartbeatIntervalMs}; it must be shorter than sessionTimeoutMs (${sessionTimeoutMs})`
    throw new TidemarkError('INVALID_OPTION', text)
  }
  return {
    sessionTimeoutMs,
    heartbeatIntervalMs,
    rebalanceTimeoutMs: durationOption('rebalanceTimeoutMs', options.rebalanceTimeoutMs ?? 60_000),
    startTimeoutMs: durationOption('startTimeoutMs', options.startTimeoutMs ?? 30_000, { infinite: true }),
    shutdownTimeoutMs: durationOption('shutdownTimeoutMs', options.shutdownTimeoutMs ?? 30_000),
    topicsIntervalMs: durationOption('topicsIntervalMs', options.topicsIntervalMs ?? 30_000),
    fetchWaitMaxMs: durationOption('fetchWaitMaxMs', options.fetchWaitMaxMs ?? 500, { zero: true }),
  }
}

function limits(options: ConsumerOptions) {
  return {
    waitingRecordsMax: countOption('waitingRecordsMax', options.waitingRecordsMax ?? 20_000),
    uncommittedRecordsMax: countOption('uncommittedRecordsMax', options.uncommittedRecordsMax ?? 500_000),
    bufferBytesMax: countOption('bufferBytesMax', options.bufferBytesMax ?? 64 * MIB),
    fetchBytesMax: countOption('fetchBytesMax', options.fetchBytesMax ?? 16 * MIB, 1, INT32_MAX),
    partitionBytesMax: countOption('partitionBytesMax', options.partitionBytesMax ?? MIB, 1, INT32_MAX),
    fetchBytesMin: countOption('fetchBytesMin', options.fetchBytesMin ?? 1, 0, INT32_MAX),
  }
}

function startFromOption(given: unknown): StartFrom {
  if (given === undefined) return 'earliest'
  if (given instanceof Date) return timeOption('startFrom', given)
  if (given === 'earliest' || given === 'latest' || given === 'fail') return given
  throw new TidemarkError('INVALID_OPTION', `option 'startFrom' is ${describe(given)}; it must be 'earliest', 'latest', 'fail' or a Date`)
}

function commitOptions(given: ConsumerOptions['commit']): Required<CommitOptions> {
  if (given === null) throw new TidemarkError('INVALID_OPTION', `option 'commit' is null; it must be a mode, or an object of options`)
  const options = given === undefined || typeof given === 'string' ? { mode: given } : given
  checkOptions<CommitOptions>("the option 'commit'", options, COMMIT_OPTIONS)
  const named = typeof given === 'string' ? 'commit' : 'commit.mode'
  return {
    mode: wordOption(named, options.mode ?? 'processed', MODES),
    intervalMs: durationOption('commit.intervalMs', options.intervalMs ?? 1_000),
    recordsMax: countOption('commit.recordsMax', options.recordsMax ?? 50_000),
    completionMap: flagOption('commit.completionMap', options.completionMap ?? true),
    timeoutMs: durationOption('commit.timeoutMs', options.timeoutMs ?? 30_000),
  }
}

function assignorsOption(given: readonly AssignorName[] | undefined): readonly AssignorName[] {
  if (given === undefined) return ALL_ASSIGNORS
  if (!Array.isArray(given) || given.length === 0) {
    throw new TidemarkError(
      'INVALID_OPTION',
      `option 'assignors' is ${describe(given)}; it must be an array of names such as 'cooperative-sticky'`,
    )
  }
  return given.map((name) => wordOption('assignors', name, Object.keys(assignors) as AssignorName[]))
}

const COMMIT_RETRY_DELAY_MS = 100

export function committerOptions({ group, commit, sessionTimeoutMs }: ResolvedOptions, requestTimeoutMs: number): CommitterOptions {
  return {
    ...commit,
    group,
    automatic: commit.mode !== 'manual',
    requestTimeoutMs: Math.min(requestTimeoutMs, sessionTimeoutMs),
    retryDelayMs: COMMIT_RETRY_DELAY_MS,
  }
}

/** `topics` are those of the moment in which they are asked for. */
export function memberOptions(options: ResolvedOptions, requestTimeoutMs: number, subscription: { readonly topics: readonly string[] }) {
  return {
    ...options,
    requestTimeoutMs,
    get topics() {
      return subscription.topics
    },
  }
}

export function fetcherOptions(options: ResolvedOptions): FetcherOptions {
  const { isolation, rack, fetchWaitMaxMs, fetchBytesMin, fetchBytesMax, partitionBytesMax, bufferBytesMax } = options
  return {
    isolation,
    waitMaxMs: fetchWaitMaxMs,
    bytesMin: fetchBytesMin,
    bytesMax: fetchBytesMax,
    partitionBytesMax,
    bufferBytesMax,
    ...(rack !== undefined && { rack }),
  }
}
