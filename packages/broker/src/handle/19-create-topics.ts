/**
 * CreateTopics 0 to 7. v1 validate only, messages · v4 −1 for the defaults · v5 flexible, configs echoed · v7 topic
 * ids.
 */
import type { Now } from '@tidemark/platform'
import { apis, type CreateTopicsRequest, type CreateTopicsResponse, ErrorCode, type InferInput, ZERO_UUID } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'
import type { Config } from '../state/configs/definition.ts'
import type { Placement } from '../state/topics/placement.ts'
import { mayMutate, QUOTA_EXCEEDED } from './mutations.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'configs' | 'throttle'>>

type Answer = InferInput<typeof CreateTopicsResponse>['topics'][number]
type RequestedTopic = CreateTopicsRequest['topics'][number]

export const createTopics = handler(apis.CreateTopics, { versions: [0, 7], holds: true }, (request, context: Context) => {
  const counts = new Map<string, number>()
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1)
  const answers: Now<Answer>[] = []
  for (const asked of request.topics) {
    const times = counts.get(asked.name)!
    if (times === 0) continue
    counts.set(asked.name, 0)
    answers.push(
      times > 1 ? refused(asked.name, ErrorCode.INVALID_REQUEST, 'Duplicate topic name.') : create(asked, request.validateOnly, context),
    )
  }
  return after(allOf(answers), (topics) => ({ topics }))
})

/** The first version in which a client understands THROTTLING_QUOTA_EXCEEDED (KIP-599). */
const STRICT_SINCE = 6

const refused = (name: string, errorCode: number, errorMessage: string): Answer => ({ name, errorCode, errorMessage })

function create(asked: RequestedTopic, validateOnly: boolean, context: Context): Now<Answer> {
  const { topics } = context.services
  if (validateOnly) {
    const decided = topics.decide(asked)
    if (decided.kind === 'refuse') return refused(asked.name, decided.code, decided.message)
    return made(asked.name, ZERO_UUID, decided, context)
  }
  const decided = topics.decide(asked)
  if (decided.kind === 'create' && !mayMutate(decided.partitions, STRICT_SINCE, context))
    return refused(asked.name, ErrorCode.THROTTLING_QUOTA_EXCEEDED, QUOTA_EXCEEDED)
  return after(topics.create(asked), (created) => {
    if (created.kind === 'refuse') return refused(asked.name, created.code, created.message)
    return made(asked.name, created.topic.id, created.topic, context)
  })
}

function made(
  name: string,
  topicId: string,
  {
    partitions,
    configs: given,
    placement,
  }: { readonly partitions: number; readonly configs: readonly Config[]; readonly placement: Placement },
  { node, services }: Context,
): Answer {
  const configs = services.configs.topic(given, node.id).map(({ name: config, value, source, readOnly }) => ({
    name: config,
    value,
    readOnly,
    configSource: source,
    isSensitive: false,
  }))
  return {
    name,
    topicId,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    numPartitions: partitions,
    replicationFactor: placement[0]?.nodes.length ?? 1,
    configs,
  }
}
