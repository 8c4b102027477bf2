/**
 * Asks leaders whether positions are still in their logs: OffsetForLeaderEpoch (KIP-320). Kafka:
 * `OffsetsForLeaderEpochClient`.
 */

import { apis } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import type { PartitionRequest } from './request.ts'

/** The first version that a consumer may ask with, and that is fenced by the current leader epoch. */
const FENCED_FROM = 2

export type Validation =
  | { readonly kind: 'valid' }
  | { readonly kind: 'truncated'; readonly end: { readonly offset: number; readonly leaderEpoch: number } | undefined }
  | { readonly kind: 'error'; readonly errorCode: number }

/** One answer for each request, in order. Rejects like `cluster.send`. */
export async function validate(
  cluster: Cluster,
  owner: object,
  nodeId: number,
  requests: readonly PartitionRequest<unknown>[],
): Promise<Validation[]> {
  const topics = new Map<string, { partition: number; currentLeaderEpoch: number; leaderEpoch: number }[]>()
  for (const { tracked, position, epoch } of requests) {
    const partitions = topics.get(tracked.topic) ?? []
    if (partitions.length === 0) topics.set(tracked.topic, partitions)
    partitions.push({ partition: tracked.partition, currentLeaderEpoch: epoch, leaderEpoch: position.leaderEpoch })
  }
  const body = { replicaId: -1, topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })) }
  const { version, body: answer } = await cluster.send(apis.OffsetForLeaderEpoch, body, { node: nodeId, purpose: 'fetch', owner })
  if (version < FENCED_FROM) return requests.map(() => ({ kind: 'valid' }))
  const found = new Map(answer.topics.map((t) => [t.topic, new Map(t.partitions.map((p) => [p.partition, p]))]))
  return requests.map(({ tracked, position }) => {
    const p = found.get(tracked.topic)?.get(tracked.partition)
    if (p === undefined) return { kind: 'error', errorCode: -1 }
    if (p.errorCode !== 0) return { kind: 'error', errorCode: p.errorCode }
    if (!(p.endOffset >= 0) || p.leaderEpoch < 0) return { kind: 'truncated', end: undefined }
    if (p.endOffset < position.offset) return { kind: 'truncated', end: { offset: p.endOffset, leaderEpoch: p.leaderEpoch } }
    return { kind: 'valid' }
  })
}
