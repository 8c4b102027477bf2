/**
 * ElectLeaders 0 to 2. v1 unclean elections · v2 flexible. The preferred leader, the first replica, leads again where
 * another node does. An unclean election is never needed: all nodes serve the same logs.
 */
import type { Now } from '@tidemark/platform'
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'
import { type Outcome, outcomeOf } from '../outcome.ts'
import { hasPartition } from '../state/cluster/metadata.ts'
import type { Topic } from '../state/cluster/records.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'nodes'>>

export const electLeaders = handler(apis.ElectLeaders, { versions: [0, 2] }, (request, context: Context) => {
  const { topics } = context.services
  const named = request.topicPartitions?.map(({ topic, partitions }) => ({ topic, partitions }))
  const all = Array.from(topics.all(), (topic) => ({
    topic: topic.name,
    partitions: Array.from({ length: topic.partitions }, (_, i) => i),
  }))
  const results = (named ?? all).map(({ topic: name, partitions }) => {
    const outcomes = partitions.map((partitionId) =>
      after(elect(topics.byName(name), name, partitionId, context), (it) => ({ partitionId, ...it })),
    )
    return after(allOf(outcomes), (partitionResult) => ({ topic: name, partitionResult }))
  })
  return after(allOf(results), (found) => ({
    errorCode: ErrorCode.NONE,
    // Of an election of all partitions, those that did not need one are not told.
    replicaElectionResults: found
      .map(({ topic, partitionResult }) => ({
        topic,
        partitionResult: partitionResult.filter(({ errorCode }) => named !== undefined || errorCode !== ErrorCode.ELECTION_NOT_NEEDED),
      }))
      .filter(({ partitionResult }) => partitionResult.length > 0),
  }))
})

function elect(topic: Topic | undefined, name: string, index: number, { services: { nodes } }: Context): Now<Outcome> {
  if (topic === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `No such topic as ${name}` }
  if (!hasPartition(topic, index)) {
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `No such partition as ${name}-${index}` }
  }
  const preferred = nodes.replicasOf(topic, index)[0]!
  if (nodes.leaderOf(topic, index) === preferred) {
    return { errorCode: ErrorCode.ELECTION_NOT_NEEDED, errorMessage: 'Leader election not needed for topic partition.' }
  }
  if (!nodes.isUp(preferred)) {
    return { errorCode: ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE, errorMessage: 'The preferred leader was not available.' }
  }
  return outcomeOf(() => nodes.move(topic, index, preferred))
}
