/** Where logs begin and end, and what was written when: ListOffsets, asked of each partition's leader. */
import { TidemarkError } from '@tidemark/platform'
import { apis, ErrorCode, errorOf } from '@tidemark/protocol'
import { type Cluster, isLost } from '../cluster/cluster.ts'
import type { Purpose } from '../cluster/types.ts'
import { pause } from '../connect/abortable.ts'
import { backoffMs } from '../connect/backoff.ts'
import type { Isolation, TopicPartition } from '../fetch/types.ts'
import type { Offset } from '../messages/offset.ts'

/** `latest` is the high watermark, or the last stable offset for readers of committed records. A Date: the first record at or after it. */
export type Place = 'earliest' | 'latest' | Date

export interface OffsetWish extends TopicPartition {
  readonly at: Place
}

export interface FoundOffset extends TopicPartition {
  /** Undefined: no record is at or after the asked time. */
  readonly offset: Offset | undefined
  /** Of the record found by time; -1 otherwise. */
  readonly timestampMs: number
  readonly leaderEpoch: number
}

export interface ListOffsetsOptions {
  readonly isolation?: Isolation
  readonly signal?: AbortSignal | undefined
  /** How long leaders that moved or do not answer are tried again. Default: `requestTimeoutMs`. */
  readonly timeoutMs?: number
  readonly purpose?: Purpose
  readonly owner?: object
}

const EARLIEST = -2
const LATEST = -1
const timestampOf = (at: Place): number => (at === 'earliest' ? EARLIEST : at === 'latest' ? LATEST : at.getTime())

/**
 * Returns one answer for each wish, in order. Rejects with `TidemarkError`: UNKNOWN_TOPIC, Kafka's name of an error that trying
 * again does not heal, or what `cluster.send` rejects with once the time is over.
 */
export async function listOffsets(
  cluster: Cluster,
  wishes: readonly OffsetWish[],
  options: ListOffsetsOptions = {},
): Promise<FoundOffset[]> {
  const { clock, random } = cluster.options.platform
  const deadlineMs = clock.monotonic() + (options.timeoutMs ?? cluster.options.requestTimeoutMs)
  const found: (FoundOffset | undefined)[] = wishes.map(() => undefined)
  let open = wishes.map((_, i) => i)
  for (let failures = 1; open.length > 0; failures++) {
    const topics = [...new Set(open.map((i) => wishes[i]!.topic))]
    const views = await cluster.topics(topics, { signal: options.signal, timeoutMs: Math.max(0, deadlineMs - clock.monotonic()) })
    for (const view of views.values())
      if (view.errorCode !== 0 && !errorOf(view.errorCode).retriable) throw refusedTopic(view.name, view.errorCode)
    const { failure } = await ask(cluster, wishes, open, found, options)
    const before = open.length
    open = open.filter((i) => found[i] === undefined)
    if (open.length === 0) break
    if (failure === undefined && open.length < before) continue
    if (clock.monotonic() >= deadlineMs) throw failure ?? notFound(wishes[open[0]!]!, views.get(wishes[open[0]!]!.topic)?.errorCode ?? 0)
    for (const i of open) cluster.invalidate(wishes[i]!.topic)
    await pause(clock, backoffMs(random, cluster.options.retry, failures), 'ListOffsets', options.signal)
  }
  return found as FoundOffset[]
}

/** One round: every leader that is known is asked once. */
async function ask(
  cluster: Cluster,
  wishes: readonly OffsetWish[],
  open: readonly number[],
  found: (FoundOffset | undefined)[],
  options: ListOffsetsOptions,
): Promise<{ failure: TidemarkError | undefined }> {
  const byLeader = new Map<number, number[]>()
  for (const i of open) {
    const leader = cluster.leader(wishes[i]!.topic, wishes[i]!.partition)
    if (leader === undefined) {
      const view = cluster.topic(wishes[i]!.topic)
      if (view !== undefined && view.errorCode === 0 && wishes[i]!.partition >= view.partitions.length) throw notFound(wishes[i]!, 0)
      continue
    }
    byLeader.set(leader.nodeId, [...(byLeader.get(leader.nodeId) ?? []), i])
  }
  let failure: TidemarkError | undefined
  const results = await Promise.allSettled(
    [...byLeader].map(([nodeId, indexes]) => askLeader(cluster, nodeId, wishes, indexes, found, options)),
  )
  for (const result of results) {
    if (result.status === 'fulfilled') failure ??= result.value
    else if (isLost(result.reason)) failure ??= result.reason
    else throw result.reason
  }
  return { failure }
}

async function askLeader(
  cluster: Cluster,
  nodeId: number,
  wishes: readonly OffsetWish[],
  indexes: readonly number[],
  found: (FoundOffset | undefined)[],
  options: ListOffsetsOptions,
): Promise<TidemarkError | undefined> {
  const topics = new Map<string, { partitionIndex: number; currentLeaderEpoch: number; timestamp: number }[]>()
  const index = new Map<string, number[]>()
  for (const i of indexes) {
    const { topic, partition, at } = wishes[i]!
    const key = `${topic}-${partition}`
    const same = index.get(key)
    if (same !== undefined) continue // Kafka answers a partition once a request; the second wish goes into the next round
    index.set(key, [i])
    const partitions = topics.get(topic) ?? []
    if (partitions.length === 0) topics.set(topic, partitions)
    const currentLeaderEpoch = cluster.leader(topic, partition)?.epoch ?? -1
    partitions.push({ partitionIndex: partition, currentLeaderEpoch, timestamp: timestampOf(at) })
  }
  const isolationLevel = options.isolation === 'read_committed' ? 1 : 0
  const body = { replicaId: -1, isolationLevel, topics: [...topics].map(([name, partitions]) => ({ name, partitions })) }
  const { purpose = 'metadata', owner, signal } = options
  const to = { node: nodeId, purpose, signal, ...(owner === undefined ? {} : { owner }) }
  const { version, body: answer } = await cluster.send(apis.ListOffsets, body, to)
  let failure: TidemarkError | undefined
  for (const topic of answer.topics) {
    for (const p of topic.partitions) {
      const i = index.get(`${topic.name}-${p.partitionIndex}`)?.[0]
      if (i === undefined) continue
      if (p.errorCode !== 0) {
        const { name, retriable } = errorOf(p.errorCode)
        const text = `the offsets of ${topic.name}-${p.partitionIndex} cannot be listed: ${name}`
        const error = new TidemarkError(name, text, { topic: topic.name, partition: p.partitionIndex })
        if (!retriable) throw error
        failure ??= error
        continue
      }
      const offset = version === 0 ? (p.oldStyleOffsets[0] ?? -1) : p.offset
      found[i] = {
        topic: topic.name,
        partition: p.partitionIndex,
        offset: offset < 0 ? undefined : (offset as Offset),
        timestampMs: p.timestamp,
        leaderEpoch: p.leaderEpoch,
      }
    }
  }
  return failure
}

function notFound({ topic, partition }: TopicPartition, errorCode: number): TidemarkError {
  if (errorCode !== 0) return refusedTopic(topic, errorCode)
  return new TidemarkError('UNKNOWN_PARTITION', `topic '${topic}' has no partition ${partition}, or it has no leader now`, {
    topic,
    partition,
  })
}

/** The error for a topic that cannot be used. */
export function refusedTopic(topic: string, errorCode: number): TidemarkError {
  if (errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
    return new TidemarkError('UNKNOWN_TOPIC', `topic '${topic}' is not there; create it with: tidemark topic create ${topic}`, { topic })
  }
  const { name } = errorOf(errorCode)
  return new TidemarkError(name, `topic '${topic}' cannot be used: ${name}`, { topic })
}
