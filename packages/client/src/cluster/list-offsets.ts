/** Where logs begin and end, and what was written when: ListOffsets, sent to each partition's leader. */
import { checkTime, describe, TidemarkError } from '@tidemark/platform'
import { apis, ErrorCode, errorOf } from '@tidemark/protocol'
import type { Offset } from '../messages/offset.ts'
import { keyOf, type TopicPartition, textOf } from '../messages/topic-partition.ts'
import { type Cluster, isLost } from './cluster.ts'
import { refusedTopic, unknownPartition } from './topic-errors.ts'
import type { Isolation, Purpose, TopicView } from './types.ts'

/**
 * `latest` is the high watermark, or the last stable offset for readers of committed records. A Date: the first
 * record at or after it.
 */
export type OffsetSpec = 'earliest' | 'latest' | Date

export interface OffsetQuery extends TopicPartition {
  readonly at: OffsetSpec
}

export interface ListedOffset extends TopicPartition {
  /** Undefined: no record is at or after the time. */
  readonly offset: Offset | undefined
  /** Of the record found by time; -1 otherwise. */
  readonly timestampMs: number
  readonly leaderEpoch: number
}

export interface ListOffsetsOptions {
  readonly isolation?: Isolation
  readonly signal?: AbortSignal | undefined
  /** How long leaders that moved or do not answer are tried again. Default: `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined
  readonly purpose?: Purpose
  readonly owner?: object
}

/** What a caller gave; a number is a time in milliseconds since 1970. Throws `TidemarkError` INVALID_ARGUMENT. */
export function checkOffsetSpec(what: string, at: unknown): OffsetSpec {
  if (at === 'earliest' || at === 'latest') return at
  if (at instanceof Date || typeof at === 'number') return checkTime(what, typeof at === 'number' ? new Date(at) : at)
  throw new TidemarkError('INVALID_ARGUMENT', `${what} is ${describe(at)}; it must be 'earliest', 'latest' or a Date`)
}

const EARLIEST = -2
const LATEST = -1
const timestampOf = (at: OffsetSpec): number => (at === 'earliest' ? EARLIEST : at === 'latest' ? LATEST : at.getTime())

/**
 * A topic is missing once so many look-ups in a row did not find it: right after its creation not every broker knows
 * it.
 */
const LOOK_UPS_MAX = 2

/**
 * Returns one answer for each query, in order. Rejects with `TidemarkError`: UNKNOWN_TOPIC or UNKNOWN_PARTITION once
 * a new look-up has confirmed it, Kafka's name of an error that another attempt does not fix, or what `cluster.send`
 * rejects with once the time is over. The caller has checked partitions and times (`@tidemark/platform`, check.ts).
 */
export async function listOffsets(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  options: ListOffsetsOptions = {},
): Promise<ListedOffset[]> {
  const { clock } = cluster.options.platform
  const { signal } = options
  const deadlineMs = clock.monotonic() + (options.timeoutMs ?? cluster.options.requestTimeoutMs)
  const found: (ListedOffset | undefined)[] = queries.map(() => undefined)
  let open = queries.map((_, i) => i)
  let missing = 0
  for (let failures = 0; open.length > 0; ) {
    const topics = [...new Set(open.map((i) => queries[i]!.topic))]
    const views = await cluster.topics(topics, { signal, timeoutMs: Math.max(0, deadlineMs - clock.monotonic()) })
    let failure = refusedBy(queries, open, views)
    if (failure !== undefined) {
      const isUnknown = failure.code === 'UNKNOWN_TOPIC' || failure.code === 'UNKNOWN_PARTITION'
      if (!isUnknown || ++missing >= LOOK_UPS_MAX) throw failure
    } else {
      const before = open.length
      failure = await askLeaders(cluster, queries, open, found, options)
      open = open.filter((i) => found[i] === undefined)
      if (open.length === 0) break
      if (failure === undefined && open.length < before) continue
      failure ??= noLeader(queries[open[0]!]!)
    }
    if (clock.monotonic() >= deadlineMs) throw failure
    for (const i of open) cluster.invalidate(queries[i]!.topic)
    await cluster.backOff({ what: 'listing offsets', failures: ++failures, error: failure, signal })
  }
  return found as ListedOffset[]
}

/** What a view of the cluster says against a query. */
function refusedBy(
  queries: readonly OffsetQuery[],
  open: readonly number[],
  views: ReadonlyMap<string, TopicView>,
): TidemarkError | undefined {
  for (const i of open) {
    const { topic, partition } = queries[i]!
    const { errorCode, partitions } = views.get(topic)!
    if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION || (errorCode !== 0 && !errorOf(errorCode).retriable)) {
      return refusedTopic(topic, errorCode)
    }
    if (errorCode === 0 && partition >= partitions.length) return unknownPartition(topic, partition, partitions.length)
  }
  return undefined
}

/** One round: every leader that is known is asked once. Returns an error that the next round may not meet again. */
async function askLeaders(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  open: readonly number[],
  found: (ListedOffset | undefined)[],
  options: ListOffsetsOptions,
): Promise<TidemarkError | undefined> {
  const byLeader = new Map<number, Map<string, number>>()
  for (const i of open) {
    const { topic, partition } = queries[i]!
    const leader = cluster.leader(topic, partition)
    if (leader === undefined) continue
    const indexes = byLeader.get(leader.nodeId) ?? new Map<string, number>()
    byLeader.set(leader.nodeId, indexes)
    // Kafka answers a partition once a request: a second query for it goes into the next round.
    const key = keyOf(queries[i]!)
    if (!indexes.has(key)) indexes.set(key, i)
  }
  const results = await Promise.allSettled(
    [...byLeader].map(([nodeId, indexes]) => askLeader(cluster, nodeId, queries, indexes, found, options)),
  )
  let failure: TidemarkError | undefined
  for (const result of results) {
    if (result.status === 'fulfilled') failure ??= result.value
    else if (isLost(result.reason)) failure ??= result.reason
    else throw result.reason
  }
  return failure
}

async function askLeader(
  cluster: Cluster,
  nodeId: number,
  queries: readonly OffsetQuery[],
  /** By key of the partition: which query is asked. */
  indexes: ReadonlyMap<string, number>,
  found: (ListedOffset | undefined)[],
  options: ListOffsetsOptions,
): Promise<TidemarkError | undefined> {
  const topics = new Map<string, { partitionIndex: number; currentLeaderEpoch: number; timestamp: number }[]>()
  for (const i of indexes.values()) {
    const { topic, partition, at } = queries[i]!
    const partitions = topics.get(topic) ?? []
    topics.set(topic, partitions)
    const currentLeaderEpoch = cluster.leader(topic, partition)?.epoch ?? -1
    partitions.push({ partitionIndex: partition, currentLeaderEpoch, timestamp: timestampOf(at) })
  }
  const isolationLevel = options.isolation === 'read_committed' ? 1 : 0
  const body = { replicaId: -1, isolationLevel, topics: [...topics].map(([name, partitions]) => ({ name, partitions })) }
  const { purpose = 'metadata', owner, signal } = options
  const to = { node: nodeId, purpose, signal, ...(owner === undefined ? {} : { owner }) }
  const { version, body: answer } = await cluster.send(apis.ListOffsets, body, to)
  let failure: TidemarkError | undefined
  for (const { name: topic, partitions } of answer.topics) {
    for (const p of partitions) {
      const where = { topic, partition: p.partitionIndex }
      const i = indexes.get(keyOf(where))
      if (i === undefined) continue
      if (p.errorCode !== 0) {
        const { name, retriable, text } = errorOf(p.errorCode)
        const error = new TidemarkError(name, `the offsets of ${textOf(where)} cannot be listed: ${name} (${text})`, where)
        if (!retriable) throw error
        failure ??= error
        continue
      }
      const offset = version === 0 ? (p.oldStyleOffsets[0] ?? -1) : p.offset
      found[i] = {
        ...where,
        offset: offset < 0 ? undefined : (offset as Offset),
        timestampMs: p.timestamp,
        leaderEpoch: p.leaderEpoch,
      }
    }
  }
  return failure
}

const noLeader = (where: TopicPartition): TidemarkError =>
  new TidemarkError('LEADER_NOT_AVAILABLE', `${textOf(where)} has no leader now`, where)
