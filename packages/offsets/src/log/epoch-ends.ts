/**
 * Up to where a log agrees with what a reader of an earlier leader read (KIP-320): OffsetForLeaderEpoch, many a
 * request.
 */
import type { TopicPartition } from '@tidemark/client'
import { type Cluster, isLost, keyOf } from '@tidemark/client/internal'
import { apis } from '@tidemark/protocol'
import { chunks, inLanes, type NextLimits } from '../read/limits.ts'

export interface EpochQuestion extends TopicPartition {
  readonly leaderEpoch: number
}

const PARTITIONS_A_REQUEST = 2_000
const REQUESTS_AT_ONCE = 4
/** A request has one epoch of a partition: of so many different ones, the rest is not looked up. */
const EPOCHS_OF_A_PARTITION_MAX = 8

export const keyOfEpoch = (question: EpochQuestion): string => `${question.leaderEpoch}@${keyOf(question)}`

/** The end of each epoch by its key. What cannot be looked up now is left out. */
export async function epochEnds(
  cluster: Cluster,
  questions: readonly EpochQuestion[],
  limits: NextLimits,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  const unique = [...new Map(questions.map((it) => [keyOfEpoch(it), it])).values()]
  const byPartition = [...Map.groupBy(unique, keyOf).values()]
  for (let turn = 0; turn < EPOCHS_OF_A_PARTITION_MAX; turn++) {
    const requested = byPartition.flatMap((list) => list.slice(turn, turn + 1))
    if (requested.length === 0) break
    const byLeader = Map.groupBy(requested, ({ topic, partition }) => cluster.leader(topic, partition)?.nodeId)
    byLeader.delete(undefined)
    const requests = [...byLeader].flatMap(([node, list]) => chunks(list, PARTITIONS_A_REQUEST).map((part) => ({ node: node!, part })))
    await inLanes(requests, REQUESTS_AT_ONCE, ({ node, part }) => ask(cluster, node, part, found, limits))
  }
  return found
}

async function ask(
  cluster: Cluster,
  node: number,
  part: readonly EpochQuestion[],
  found: Map<string, number>,
  limits: NextLimits,
): Promise<void> {
  const epochs = new Map(part.map((it) => [keyOf(it), it.leaderEpoch]))
  const topics = [...Map.groupBy(part, ({ topic }) => topic)].map(([topic, list]) => ({
    topic,
    partitions: list.map(({ partition, leaderEpoch }) => ({ partition, leaderEpoch })),
  }))
  try {
    const { body } = await cluster.send(apis.OffsetForLeaderEpoch, { topics }, { node, purpose: 'admin', signal: limits().signal })
    for (const { topic, partitions } of body.topics) {
      for (const { partition, errorCode, endOffset } of partitions) {
        const leaderEpoch = epochs.get(keyOf({ topic, partition }))
        if (errorCode === 0 && endOffset >= 0 && leaderEpoch !== undefined)
          found.set(keyOfEpoch({ topic, partition, leaderEpoch }), endOffset)
      }
    }
  } catch (error) {
    if (!isLost(error)) throw error // a leader that does not answer now: its epochs are not judged
  }
}
