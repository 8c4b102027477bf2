/**
 * Metadata 0 to 13. v1 controller, null for all topics (v0: an empty list) · v2 cluster id · v4 auto-creation as a
 * flag · v5 offline replicas · v7 leader epoch · v8 authorized operations · v9 flexible · v10 topic ids · v12 topics
 * by id alone · v13 top-level error.
 */
import type { Now } from '@tidemark/platform'
import { apis, ErrorCode, type InferInput, type MetadataRequest, type MetadataResponse, ZERO_UUID } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { NO_LEADER, type Nodes } from '../metadata/nodes.ts'
import type { Topic } from '../metadata/topics.ts'
import { after, allOf } from '../now.ts'
import type { BrokerOptions } from '../options.ts'
import { nameFault, OFFSETS_TOPIC } from '../state/topics/names.ts'

type Context = RequestContext<
  Pick<Services, 'topics' | 'nodes' | 'clusterId'> & { readonly options: Pick<BrokerOptions, 'offsetsPartitions'> }
>

type TopicAnswer = InferInput<typeof MetadataResponse>['topics'][number]
type RequestedTopic = NonNullable<MetadataRequest['topics']>[number]

/** Before, an answer cannot leave the name out. */
const NULL_NAME_SINCE = 12

export const metadata = handler(apis.Metadata, { versions: [0, 13], holds: true }, (request, context: Context) => {
  const { topics: known, nodes, clusterId } = context.services
  const wantsAll = request.topics === null || (context.version === 0 && request.topics.length === 0)
  const topics = wantsAll
    ? [...known.all()].map((topic) => describe(topic, context))
    : allOf(unique(request.topics!).map((asked) => find(asked, request.allowAutoTopicCreation, context)))
  return after(topics, (described) => ({
    brokers: nodes.up.map(({ id, rack }) => ({ nodeId: id, ...context.listener.addressOf(id), rack })),
    clusterId,
    controllerId: nodes.controller,
    topics: described,
  }))
})

function unique(asked: readonly RequestedTopic[]): RequestedTopic[] {
  const seen = new Map(asked.map((a) => [a.name ?? a.topicId, a]))
  return [...seen.values()]
}

function find(asked: RequestedTopic, mayCreate: boolean, context: Context): Now<TopicAnswer> {
  const { topics } = context.services
  const { name, topicId } = asked
  if (name === null) {
    const topic = topics.byId(topicId)
    return topic ? describe(topic, context) : unknown(context.version < NULL_NAME_SINCE ? '' : null, topicId, ErrorCode.UNKNOWN_TOPIC_ID)
  }
  const topic = topics.byName(name)
  if (topic !== undefined) return describe(topic, context)
  if (nameFault(name) !== undefined) return unknown(name, ZERO_UUID, ErrorCode.INVALID_TOPIC_EXCEPTION)
  const created = mayCreate ? create(name, context) : undefined
  if (created === undefined) return unknown(name, ZERO_UUID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  return after(created, (it) => (typeof it === 'number' ? unknown(name, ZERO_UUID, it) : describe(it, context)))
}

/** The new topic, an error code, or undefined where topics are not made this way. */
function create(name: string, { services }: Context): Now<Topic | number> | undefined {
  if (name === OFFSETS_TOPIC) return services.topics.internal(name, services.options.offsetsPartitions)
  const created = services.topics.autoCreate(name)
  return created && after(created, (it) => (it.kind === 'created' ? it.topic : it.code))
}

const unknown = (name: string | null, topicId: string, errorCode: number): TopicAnswer => ({ errorCode, name, topicId, partitions: [] })

function leaderOf(nodes: Nodes, topic: Topic, index: number): { readonly errorCode: number; readonly leaderId: number } {
  const leaderId = nodes.leaderOf(topic, index)
  return { errorCode: leaderId === NO_LEADER ? ErrorCode.LEADER_NOT_AVAILABLE : ErrorCode.NONE, leaderId }
}

function describe(topic: Topic, { services: { topics, nodes } }: Context): TopicAnswer {
  const { leaderEpoch } = topics
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.internal,
    partitions: Array.from({ length: topic.partitions }, (_, partitionIndex) => ({
      ...leaderOf(nodes, topic, partitionIndex),
      partitionIndex,
      leaderEpoch,
      replicaNodes: nodes.replicasOf(topic, partitionIndex),
      isrNodes: nodes.inSyncOf(topic, partitionIndex),
      offlineReplicas: nodes.offlineOf(topic, partitionIndex),
    })),
  }
}
