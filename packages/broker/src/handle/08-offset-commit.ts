/**
 * OffsetCommit 0 to 10. v1 generation, member and a time · v2–4 retention time · v6 leader epoch · v7 static members
 * · v8 flexible · v9 GROUP_ID_NOT_FOUND for a group that does not exist · v10 topics by id.
 */
import { apis, ErrorCode, type OffsetCommitRequest, ZERO_UUID } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import type { Topic } from '../metadata/topics.ts'
import { after } from '../now.ts'
import { hasPartition } from '../state/cluster/metadata.ts'
import type { CommitEntry } from '../state/offsets/commit.ts'
import { findTopic } from './find-topic.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'groups'>>

const OWN_ERROR_SINCE = 9
const TOPIC_IDS_SINCE = 10

type RequestedTopic = OffsetCommitRequest['topics'][number]
type RequestedPartition = RequestedTopic['partitions'][number]

export const offsetCommit = handler(apis.OffsetCommit, { versions: [0, 10], holds: false }, (request, context: Context) => {
  const { services, version, signal } = context
  const found = request.topics.map((asked) => ({ asked, topic: findTopic(services.topics, asked, version >= TOPIC_IDS_SINCE) }))
  const entries = found.flatMap(({ asked, topic }) =>
    typeof topic === 'number'
      ? []
      : asked.partitions.filter((p) => hasPartition(topic, p.partitionIndex)).map((p) => entryOf(topic, asked, p)),
  )
  const codes = entries.length === 0 ? [] : services.groups.commit({ ...whoCommits(request, context), entries }, signal)
  return after(codes, (decided) => {
    if (decided === undefined) return undefined
    let next = 0
    const topics = found.map(({ asked, topic }) => ({
      name: asked.name,
      topicId: asked.topicId,
      partitions: asked.partitions.map((p) => ({
        partitionIndex: p.partitionIndex,
        errorCode:
          typeof topic === 'number'
            ? topic
            : hasPartition(topic, p.partitionIndex)
              ? decided[next++]!
              : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      })),
    }))
    return { topics }
  })
})

const whoCommits = (request: OffsetCommitRequest, { version }: Context) => ({
  groupId: request.groupId,
  generationId: request.generationIdOrMemberEpoch,
  memberId: request.memberId,
  groupInstanceId: request.groupInstanceId,
  retentionTimeMs: request.retentionTimeMs,
  knowsGroupIdNotFound: version >= OWN_ERROR_SINCE,
})

const entryOf = (topic: Topic, asked: RequestedTopic, p: RequestedPartition): CommitEntry => ({
  topic: topic.name,
  topicId: asked.topicId === ZERO_UUID ? ZERO_UUID : topic.id,
  partition: p.partitionIndex,
  offset: p.committedOffset,
  leaderEpoch: p.committedLeaderEpoch,
  metadata: p.committedMetadata,
  commitTimestamp: p.commitTimestamp,
})
