/** CreatePartitions 0 to 3. v2 flexible. The partitions that a topic has stay as they are. */
import type { Now } from '@tidemark/platform'
import { apis, type CreatePartitionsRequest, type CreatePartitionsResponse, ErrorCode, type InferInput } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'
import { DONE, outcomeOf } from '../outcome.ts'
import { mayMutate, QUOTA_EXCEEDED } from './mutations.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'throttle'>>
type Answer = InferInput<typeof CreatePartitionsResponse>['results'][number]
/** The first version in which a client understands THROTTLING_QUOTA_EXCEEDED (KIP-599). */
const STRICT_SINCE = 3

type RequestedTopic = CreatePartitionsRequest['topics'][number]

export const createPartitions = handler(apis.CreatePartitions, { versions: [0, 3], holds: true }, (request, context: Context) => {
  const byName = Map.groupBy(request.topics, ({ name }) => name)
  const answers = Array.from(byName, ([name, topics]): Now<Answer> => {
    if (topics.length > 1) return { name, errorCode: ErrorCode.INVALID_REQUEST, errorMessage: 'Duplicate topic name.' }
    return grow(topics[0]!, request.validateOnly, context)
  })
  return after(allOf(answers), (results) => ({ results }))
})

function grow({ name, count, assignments }: RequestedTopic, validateOnly: boolean, context: Context): Now<Answer> {
  const { topics } = context.services
  const topic = topics.byName(name)
  if (topic === undefined) return { name, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null }
  if (topic.internal)
    return {
      name,
      errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION,
      errorMessage: `The partitions of ${name} cannot be changed: keys are found by their number.`,
    }
  const replicas = assignments?.map(({ brokerIds }) => brokerIds) ?? null
  const refused = topics.growthRefused(topic, count, replicas)
  if (refused !== undefined) return { name, errorCode: refused.code, errorMessage: refused.message }
  if (validateOnly) return { name, ...DONE }
  if (!mayMutate(count - topic.partitions, STRICT_SINCE, context))
    return { name, errorCode: ErrorCode.THROTTLING_QUOTA_EXCEEDED, errorMessage: QUOTA_EXCEEDED }
  return after(
    outcomeOf(() => topics.grow(topic, count, replicas)),
    (outcome) => ({ name, ...outcome }),
  )
}
