/**
 * OffsetFetch 0 to 10. v2 all topics, an error of the group · v5 leader epoch · v6 flexible · v7 RequireStable
 * (nothing is unstable where there are no transactions) · v8 several groups · v9 member epoch of the newer protocol ·
 * v10 topics by id.
 */
import type { Now } from '@tidemark/platform'
import { apis, ErrorCode, type InferInput, type OffsetFetchRequest, type OffsetFetchResponse, ZERO_UUID } from '@tidemark/protocol'
import type { FetchedGroup } from '../coordinate/groups.ts'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'
import type { FetchedTopic, FetchTopic } from '../state/offsets/fetch.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'groups'>>

const GROUP_ERROR_SINCE = 2
const GROUPS_SINCE = 8
const TOPIC_IDS_SINCE = 10

type Response = InferInput<typeof OffsetFetchResponse>
type GroupAnswer = NonNullable<Response['groups']>[number]
type TopicAnswer = GroupAnswer['topics'][number]
type RequestedGroup = OffsetFetchRequest['groups'][number]

export const offsetFetch = handler(apis.OffsetFetch, { versions: [0, 10] }, (request, context: Context): Now<Response> => {
  if (context.version >= GROUPS_SINCE) {
    return after(allOf(request.groups.map((group) => fetchGroup(group, context))), (groups) => ({ groups }))
  }
  const { groupId } = request
  const topics = request.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: ZERO_UUID, partitions: partitionIndexes })) ?? null
  return after(context.services.groups.fetchOffsets(groupId, topics), (fetched) => oneGroup(fetched, topics, context.version))
})

/** Before version 2 the error of a group is given for each partition. */
function oneGroup({ errorCode, topics }: FetchedGroup, asked: readonly FetchTopic[] | null, version: number): Response {
  if (version >= GROUP_ERROR_SINCE || errorCode === ErrorCode.NONE) {
    return { errorCode, topics: topics.map(({ name, partitions }) => ({ name, partitions: answersOf(partitions) })) }
  }
  return { topics: (asked ?? []).map(({ name, partitions }) => ({ name, partitions: refused(partitions, errorCode) })) }
}

function fetchGroup(asked: RequestedGroup, context: Context): Now<GroupAnswer> {
  const { groups } = context.services
  const { groupId } = asked
  if (context.version < TOPIC_IDS_SINCE || asked.topics === null) {
    const topics = asked.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: ZERO_UUID, partitions: partitionIndexes })) ?? null
    return after(groups.fetchOffsets(groupId, topics), ({ errorCode, topics: fetched }) => ({
      groupId,
      errorCode,
      topics: fetched.flatMap((topic) => namedTopic(topic, context)),
    }))
  }
  const found = asked.topics.map(({ topicId, partitionIndexes }) => ({
    topicId,
    partitionIndexes,
    name: context.services.topics.byId(topicId)?.name,
  }))
  const known = found.flatMap(({ name, topicId, partitionIndexes }) =>
    name === undefined ? [] : [{ name, topicId, partitions: partitionIndexes }],
  )
  return after(groups.fetchOffsets(groupId, known), ({ errorCode, topics: fetched }) => {
    if (errorCode !== ErrorCode.NONE) return { groupId, errorCode, topics: [] }
    let next = 0
    const topics = found.map(({ topicId, name, partitionIndexes }) => ({
      topicId,
      partitions: name === undefined ? refused(partitionIndexes, ErrorCode.UNKNOWN_TOPIC_ID) : answersOf(fetched[next++]!.partitions),
    }))
    return { groupId, errorCode, topics }
  })
}

/** From version 10 on a topic has only its id: a deleted one cannot be named. */
function namedTopic({ name, partitions }: FetchedTopic, { version, services }: Context): TopicAnswer[] {
  if (version < TOPIC_IDS_SINCE) return [{ name, partitions: answersOf(partitions) }]
  const topic = services.topics.byName(name)
  return topic === undefined ? [] : [{ topicId: topic.id, partitions: answersOf(partitions) }]
}

const answersOf = (partitions: FetchedTopic['partitions']): TopicAnswer['partitions'] =>
  partitions.map(({ partition, offset, leaderEpoch, metadata }) => ({
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch,
    metadata,
    errorCode: ErrorCode.NONE,
  }))

const refused = (partitions: readonly number[], errorCode: number): TopicAnswer['partitions'] =>
  partitions.map((partitionIndex) => ({ partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode }))
