/** Every option of a consumer, its default and its unit. Kafka's own setting stands beside each. */
import { TidemarkError } from '@tidemark/platform'
import type { CommitMode, Exhausted, Order, Retry } from './handle/work.ts'
import { type AssignorName, assignors } from './membership/assignors/index.ts'

/** Where to begin in a partition for which the group has no committed offset (`auto.offset.reset`, for that case alone). */
export type StartFrom = 'earliest' | 'latest' | Date | 'fail'
/** What to do when the committed offset is no longer, or not yet, in the log (`auto.offset.reset`, for that case alone). */
export type OutOfRange = 'fail' | 'earliest' | 'latest'

export interface CommitOptions {
  readonly mode?: CommitMode
  /** `auto.commit.interval.ms`; 1,000 unless given. */
  readonly intervalMs?: number
  /** A commit is also sent after so many finished records; 50,000 unless given. */
  readonly recordsMax?: number
}

export interface ConsumerOptions {
  /** `group.id` */
  readonly group: string
  /** 'earliest' unless given: 'latest' would lose what arrives before a new partition is seen. */
  readonly startFrom?: StartFrom
  /** 'fail' unless given. */
  readonly outOfRange?: OutOfRange
  readonly commit?: CommitMode | CommitOptions
  /** `partition.assignment.strategy`, the preferred one first. All three unless given, cooperative-sticky first. */
  readonly assignors?: readonly AssignorName[]
  /** `group.instance.id`: a name of this member that outlives the process (KIP-345). */
  readonly instanceId?: string
  /** `session.timeout.ms`: a member that the broker has not heard for so long is expelled. 45,000 unless given. */
  readonly sessionTimeoutMs?: number
  /** `heartbeat.interval.ms`. A fifteenth of the session time-out unless given. */
  readonly heartbeatIntervalMs?: number
  /** `max.poll.interval.ms`, as rebalance time-out: how long partitions may take to be drained and given up. 60,000 unless given. */
  readonly rebalanceTimeoutMs?: number
  /** How long a shutdown waits for handlers. 30,000 unless given. */
  readonly shutdownTimeoutMs?: number
  /** Records of one partition that were fetched and wait for a handler; fetching pauses above. 20,000 unless given. */
  readonly waitingRecordsMax?: number
  /** Records of one partition between the committable offset and the newest one started; fetching pauses above. 500,000 unless given. */
  readonly uncommittedRecordsMax?: number
  /** Bytes of all partitions that were fetched and not handed over (`fetch.max.bytes` bounds one answer). 64 MiB unless given. */
  readonly bufferBytesMax?: number
}

export interface WorkSettings {
  /** Handlers in flight for this topic in this process, all partitions together. Unless given: 100, or 1 a partition where they run in its order. */
  readonly concurrency?: number
  readonly retry?: Partial<Retry>
  /** What happens to a record whose attempts are exhausted; 'stop' unless given: the partition stops and `run()` rejects. */
  readonly exhausted?: Exhausted
  /** A handler that has not settled by then has failed. No limit unless given. */
  readonly timeoutMs?: number
}

export interface EachSettings extends WorkSettings {
  /** 'partition' unless given. */
  readonly order?: Order
}

export interface BatchSettings extends WorkSettings {
  /** 500 unless given. */
  readonly recordsMax?: number
  /** How long a record waits for others to fill its batch. 0 unless given: a batch is what is there. */
  readonly waitMaxMs?: number
}

export interface ResolvedOptions {
  readonly group: string
  readonly startFrom: StartFrom
  readonly outOfRange: OutOfRange
  readonly mode: CommitMode
  readonly commitIntervalMs: number
  readonly commitRecordsMax: number
  readonly assignors: readonly AssignorName[]
  readonly instanceId: string | undefined
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
  readonly shutdownTimeoutMs: number
  readonly waitingRecordsMax: number
  readonly uncommittedRecordsMax: number
  readonly bufferBytesMax: number
}

const ALL_ASSIGNORS: readonly AssignorName[] = ['cooperative-sticky', 'range', 'roundrobin']
const MODES: readonly CommitMode[] = ['processed', 'delivered', 'manual']

/** Throws `TidemarkError` INVALID_OPTION, which names the option. */
export function resolveOptions(options: ConsumerOptions): ResolvedOptions {
  const commit: CommitOptions = typeof options.commit === 'string' ? { mode: options.commit } : (options.commit ?? {})
  const sessionTimeoutMs = positive('sessionTimeoutMs', options.sessionTimeoutMs ?? 45_000)
  const resolved: ResolvedOptions = {
    group: options.group,
    startFrom: options.startFrom ?? 'earliest',
    outOfRange: options.outOfRange ?? 'fail',
    mode: commit.mode ?? 'processed',
    commitIntervalMs: positive('commit.intervalMs', commit.intervalMs ?? 1_000),
    commitRecordsMax: positive('commit.recordsMax', commit.recordsMax ?? 50_000),
    assignors: options.assignors ?? ALL_ASSIGNORS,
    instanceId: options.instanceId,
    sessionTimeoutMs,
    heartbeatIntervalMs: positive('heartbeatIntervalMs', options.heartbeatIntervalMs ?? Math.max(1, Math.round(sessionTimeoutMs / 15))),
    rebalanceTimeoutMs: positive('rebalanceTimeoutMs', options.rebalanceTimeoutMs ?? 60_000),
    shutdownTimeoutMs: positive('shutdownTimeoutMs', options.shutdownTimeoutMs ?? 30_000),
    waitingRecordsMax: positive('waitingRecordsMax', options.waitingRecordsMax ?? 20_000),
    uncommittedRecordsMax: positive('uncommittedRecordsMax', options.uncommittedRecordsMax ?? 500_000),
    bufferBytesMax: positive('bufferBytesMax', options.bufferBytesMax ?? 64 * 1024 * 1024),
  }
  if (typeof resolved.group !== 'string' || resolved.group === '') invalid('group', 'must be a name')
  if (!MODES.includes(resolved.mode)) invalid('commit', `must be one of ${MODES.join(', ')}`)
  if (!['fail', 'earliest', 'latest'].includes(resolved.outOfRange)) invalid('outOfRange', 'must be fail, earliest or latest')
  if (!isStart(resolved.startFrom)) invalid('startFrom', 'must be earliest, latest, fail or a Date')
  if (resolved.assignors.length === 0) invalid('assignors', 'must name at least one')
  for (const name of resolved.assignors) {
    if (assignors[name] === undefined) invalid('assignors', `knows no '${name}'; there are ${Object.keys(assignors).join(', ')}`)
  }
  if (resolved.heartbeatIntervalMs >= sessionTimeoutMs) invalid('heartbeatIntervalMs', 'must be shorter than sessionTimeoutMs')
  return resolved
}

const isStart = (start: unknown): boolean =>
  start instanceof Date ? !Number.isNaN(start.getTime()) : start === 'earliest' || start === 'latest' || start === 'fail'

const RETRY: Retry = { attempts: 5, delayMs: 200, delayMaxMs: 30_000 }

export function resolveRetry(retry: Partial<Retry> | undefined): Retry {
  const resolved = { ...RETRY, ...retry }
  positive('retry.attempts', resolved.attempts)
  if (!(resolved.delayMs >= 0)) invalid('retry.delayMs', 'must be 0 or more milliseconds')
  if (!(resolved.delayMaxMs >= resolved.delayMs)) invalid('retry.delayMaxMs', 'must not be below retry.delayMs')
  return resolved
}

export function positive(name: string, value: number): number {
  if (!(typeof value === 'number' && value > 0 && Number.isFinite(value))) invalid(name, `must be a number above 0, not ${String(value)}`)
  return value
}

export function invalid(name: string, why: string): never {
  throw new TidemarkError('INVALID_OPTION', `option '${name}' ${why}`)
}
