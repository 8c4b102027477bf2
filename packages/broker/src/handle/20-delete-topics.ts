/** DeleteTopics 0 to 6. v4 flexible · v5 messages · v6 topics by name or id. */
import type { Now } from '@tidemark/platform'
import { apis, type DeleteTopicsRequest, type DeleteTopicsResponse, ErrorCode, type InferInput, ZERO_UUID } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'
import { mayMutate, QUOTA_EXCEEDED } from './mutations.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'throttle'>>

type Answer = InferInput<typeof DeleteTopicsResponse>['responses'][number]
/** The first version in which a client understands THROTTLING_QUOTA_EXCEEDED (KIP-599). */
const STRICT_SINCE = 5
/** Topics by name or id. */
const TOPICS_SINCE = 6

type RequestedTopic = DeleteTopicsRequest['topics'][number]

export const deleteTopics = handler(apis.DeleteTopics, { versions: [0, 6], holds: true }, (request, context: Context) => {
  const asked: readonly RequestedTopic[] =
    context.version >= TOPICS_SINCE ? request.topics : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
  return after(allOf(asked.map((one) => deleteOne(one, context))), (responses) => ({ responses }))
})

function deleteOne({ name, topicId }: RequestedTopic, context: Context): Now<Answer> {
  const { topics } = context.services
  const byId = topicId !== ZERO_UUID
  if (byId === (name !== null)) {
    return { name, topicId, errorCode: ErrorCode.INVALID_REQUEST, errorMessage: 'A topic is named by its name or by its id.' }
  }
  const topic = byId ? topics.byId(topicId) : topics.byName(name!)
  if (topic === undefined) {
    return { name, topicId, errorCode: byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
  }
  if (!topic.internal && !mayMutate(topic.partitions, STRICT_SINCE, context))
    return { name: topic.name, topicId: topic.id, errorCode: ErrorCode.THROTTLING_QUOTA_EXCEEDED, errorMessage: QUOTA_EXCEEDED }
  return after(topics.delete(topic), (errorCode) => ({ name: topic.name, topicId: topic.id, errorCode }))
}
