/**
 * Where logs begin and end: each partition once, however many groups stand in it, one request a leader for many
 * partitions. A partition that cannot be read has an error of its own.
 */
import type { CallLimits, TopicPartition } from '@tidemark/client'
import { type Cluster, isLost, keyOf, refusedTopic } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { apis, ErrorCode, errorOf, uuidToText, ZERO_UUID } from '@tidemark/protocol'
import { chunks, inLanes, type PositionError, rowError } from './limits.ts'

export interface LogBounds {
  /** In Kafka's spelling; null: the topic does not exist, or the broker is too old to tell. */
  readonly topicId: string | null
  /** The first offset that is still in the log. */
  readonly start: number | null
  /** The last stable offset: readers of committed records read to here. */
  readonly stable: number | null
  /** The high watermark: the offset that the next record gets. */
  readonly end: number | null
  /** Why the numbers are null. */
  readonly error: PositionError | null
}

const TOPICS_A_REQUEST = 1_000
const PARTITIONS_A_REQUEST = 2_000
const REQUESTS_AT_ONCE = 8
const EARLIEST = -2
const LATEST = -1
/** Right after its creation not every broker knows a topic. */
const LOOK_UPS_MAX = 2

/** By key of the partition. Rejects only with what ends the call: ABORTED, CLOSED, nothing can be reached. */
export async function boundsOf(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  limits: CallLimits,
): Promise<Map<string, LogBounds>> {
  const { clock } = cluster.options.platform
  const deadlineMs = clock.monotonic() + (limits.timeoutMs ?? cluster.options.requestTimeoutMs)
  const found = new Map<string, LogBounds>()
  let open = [...new Map(partitions.map((p) => [keyOf(p), p])).values()]
  const missing = new Map<string, number>()
  for (let failures = 0; open.length > 0; ) {
    await lookUp(cluster, [...new Set(open.map(({ topic }) => topic))], limits)
    const failed = new Map<string, TidemarkError>()
    const requested = open.filter((p) => {
      const error = refusal(cluster, p, missing)
      if (error === 'look again') failed.set(keyOf(p), refusedTopic(p.topic, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))
      else if (error !== undefined) found.set(keyOf(p), noBounds(error))
      return error === undefined
    })
    for (const { topic } of open) missing.set(topic, (missing.get(topic) ?? 0) + 1)
    const leftMs = Math.max(1, Math.min(cluster.options.requestTimeoutMs, deadlineMs - clock.monotonic()))
    await askLeaders(cluster, requested, { signal: limits.signal, timeoutMs: leftMs }, found, failed)
    open = open.filter((p) => failed.has(keyOf(p)))
    if (open.length === 0) break
    if (clock.monotonic() >= deadlineMs) {
      for (const p of open) found.set(keyOf(p), noBounds(rowError(failed.get(keyOf(p))!)))
      break
    }
    const error = failed.get(keyOf(open[0]!))
    await cluster.backOff({ what: 'listing offsets', failures: ++failures, error, signal: limits.signal })
  }
  return found
}

const noBounds = (error: PositionError): LogBounds => ({ topicId: null, start: null, stable: null, end: null, error })

/** A new look: what is known may be a topic of the same name that was deleted meanwhile. */
async function lookUp(cluster: Cluster, topics: readonly string[], { signal }: CallLimits): Promise<void> {
  for (const topic of topics) cluster.invalidate(topic)
  for (const part of chunks(topics, TOPICS_A_REQUEST)) await cluster.topics(part, { signal, timeoutMs: 0 })
}

function refusal(
  cluster: Cluster,
  { topic, partition }: TopicPartition,
  looks: ReadonlyMap<string, number>,
): PositionError | 'look again' | undefined {
  const { errorCode, partitions } = cluster.topic(topic)!
  if (errorCode !== 0 && errorOf(errorCode).retriable && errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return undefined
  const isUnknown = errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION || (errorCode === 0 && partitions[partition] === undefined)
  if (isUnknown && (looks.get(topic) ?? 0) + 1 < LOOK_UPS_MAX) return 'look again'
  if (errorCode !== 0) return rowError(refusedTopic(topic, errorCode))
  if (!isUnknown) return undefined
  return { code: 'UNKNOWN_PARTITION', message: `topic '${topic}' has no partition ${partition}; it has ${partitions.length}` }
}

async function askLeaders(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  limits: CallLimits,
  found: Map<string, LogBounds>,
  failed: Map<string, TidemarkError>,
): Promise<void> {
  const byLeader = Map.groupBy(partitions, ({ topic, partition }) => cluster.leader(topic, partition)?.nodeId)
  for (const p of byLeader.get(undefined) ?? []) {
    failed.set(keyOf(p), new TidemarkError('LEADER_NOT_AVAILABLE', `${p.topic}-${p.partition} has no leader now`, p))
  }
  byLeader.delete(undefined)
  const requests = [...byLeader].flatMap(([node, list]) => chunks(list, PARTITIONS_A_REQUEST).map((part) => ({ node: node!, part })))
  await inLanes(requests, REQUESTS_AT_ONCE, async ({ node, part }) => {
    try {
      const [start, stable, end] = await Promise.all([
        listOf(cluster, node, part, EARLIEST, false, limits),
        listOf(cluster, node, part, LATEST, true, limits),
        listOf(cluster, node, part, LATEST, false, limits),
      ])
      for (const p of part) take(cluster, p, [start, stable, end], found, failed)
    } catch (error) {
      if (!isLost(error)) throw error
      for (const p of part) failed.set(keyOf(p), error)
    }
  })
}

type Listed = ReadonlyMap<string, { readonly errorCode: number; readonly offset: number }>

function take(
  cluster: Cluster,
  where: TopicPartition,
  lists: readonly Listed[],
  found: Map<string, LogBounds>,
  failed: Map<string, TidemarkError>,
): void {
  const key = keyOf(where)
  const answers = lists.map((list) => list.get(key))
  const broken = answers.find((answer) => answer === undefined || answer.errorCode !== 0)
  if (broken !== undefined || answers.includes(undefined)) {
    const { name, text, retriable } = errorOf(broken?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR)
    const error = new TidemarkError(name, `the offsets of ${where.topic}-${where.partition} cannot be listed: ${name} (${text})`, where)
    if (retriable) failed.set(key, error)
    else found.set(key, noBounds(rowError(error)))
    return
  }
  const [start, stable, end] = answers.map((answer) => answer!.offset) as [number, number, number]
  const id = cluster.topic(where.topic)!.id
  found.set(key, { topicId: id === ZERO_UUID ? null : uuidToText(id), start, stable: Math.min(stable, end), end, error: null })
}

async function listOf(
  cluster: Cluster,
  node: number,
  partitions: readonly TopicPartition[],
  timestamp: number,
  isStable: boolean,
  { signal, timeoutMs = cluster.options.requestTimeoutMs }: CallLimits,
): Promise<Listed> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, list]) => ({
    name,
    partitions: list.map(({ topic, partition: partitionIndex }) => ({
      partitionIndex,
      timestamp,
      currentLeaderEpoch: cluster.leader(topic, partitionIndex)?.epoch ?? -1,
    })),
  }))
  const request = { replicaId: -1, isolationLevel: isStable ? 1 : 0, topics }
  const { version, body } = await cluster.send(apis.ListOffsets, request, { node, purpose: 'admin', signal, timeoutMs })
  return new Map(
    body.topics.flatMap(({ name: topic, partitions: answers }) =>
      answers.map((p) => {
        const offset = version === 0 ? (p.oldStyleOffsets[0] ?? -1) : p.offset
        return [keyOf({ topic, partition: p.partitionIndex }), { errorCode: p.errorCode, offset }]
      }),
    ),
  )
}
