/**
 * DescribeTopicPartitions 0 (KIP-966): topics in the order of their names, so many partitions an answer, and from where
 * the next one goes on.
 */
import { apis, type DescribeTopicPartitionsResponse, ErrorCode, type InferInput, ZERO_UUID } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { NO_LEADER } from '../metadata/nodes.ts'
import { nameFault } from '../state/topics/names.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'nodes'>>
type Answer = InferInput<typeof DescribeTopicPartitionsResponse>['topics'][number]

/** Kafka's `max.request.partition.size.limit`. */
const PARTITIONS_MAX = 2000

export const describeTopicPartitions = handler(apis.DescribeTopicPartitions, { versions: [0, 0] }, (request, { services }: Context) => {
  const { topics: known, nodes } = services
  const { cursor } = request
  const asked = request.topics.length === 0 ? Array.from(known.all(), ({ name }) => name) : request.topics.map(({ name }) => name)
  const names = [...new Set(asked)].filter((name) => cursor === null || name >= cursor.topicName).sort()
  let left = Math.max(1, Math.min(request.responsePartitionLimit, PARTITIONS_MAX))
  const topics: Answer[] = []
  for (const name of names) {
    const topic = known.byName(name)
    if (topic === undefined) {
      const errorCode = nameFault(name) === undefined ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION
      topics.push({ errorCode, name, topicId: ZERO_UUID, isInternal: false, partitions: [] })
      continue
    }
    const first = cursor !== null && name === cursor.topicName ? Math.max(0, cursor.partitionIndex) : 0
    if (left === 0) return { topics, nextCursor: { topicName: name, partitionIndex: first } }
    const count = Math.min(left, Math.max(0, topic.partitions - first))
    left -= count
    topics.push({
      errorCode: ErrorCode.NONE,
      name,
      topicId: topic.id,
      isInternal: topic.internal,
      partitions: Array.from({ length: count }, (_, i) => ({
        errorCode: nodes.leaderOf(topic, first + i) === NO_LEADER ? ErrorCode.LEADER_NOT_AVAILABLE : ErrorCode.NONE,
        partitionIndex: first + i,
        leaderId: nodes.leaderOf(topic, first + i),
        leaderEpoch: known.leaderEpoch,
        replicaNodes: nodes.replicasOf(topic, first + i),
        isrNodes: nodes.inSyncOf(topic, first + i),
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
        offlineReplicas: nodes.offlineOf(topic, first + i),
      })),
    })
    if (first + count < topic.partitions) return { topics, nextCursor: { topicName: name, partitionIndex: first + count } }
  }
  return { topics, nextCursor: null }
})
