import { apis, ErrorCode, ZERO_UUID } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.js'
import { after, allOf } from '../now.js'
import { nameFault, OFFSETS_TOPIC } from '../state/topics/names.js'

/** Before, an answer cannot leave the name out. */
const NULL_NAME_SINCE = 12
export const metadata = handler(apis.Metadata, { versions: [0, 13], holds: true }, (request, context) => {
  const { options, topics: known, clusterId } = context.services
  const wantsAll = request.topics === null || (context.version === 0 && request.topics.length === 0)
  const topics = wantsAll
    ? [...known.all()].map((topic) => describe(topic, context))
    : allOf(unique(request.topics).map((asked) => find(asked, request.allowAutoTopicCreation, context)))
  return after(topics, (described) => ({
    brokers: [{ nodeId: options.nodeId, host: context.advertised.host, port: context.advertised.port, rack: options.rack }],
    clusterId,
    controllerId: options.nodeId,
    topics: described,
  }))
})
function unique(asked) {
  const seen = new Map(asked.map((a) => [a.name ?? a.topicId, a]))
  return [...seen.values()]
}
function find(asked, mayCreate, context) {
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
function create(name, { services }) {
  if (name === OFFSETS_TOPIC) return services.topics.internal(name, services.options.offsetsPartitions)
  const created = services.topics.autoCreate(name)
  return created && after(created, (it) => (it.kind === 'created' ? it.topic : it.code))
}
const unknown = (name, topicId, errorCode) => ({ errorCode, name, topicId, partitions: [] })
function describe(topic, { services }) {
  const { nodeId } = services.options
  const { leaderEpoch } = services.topics
  return {
    errorCode: ErrorCode.NONE,
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.internal,
    partitions: Array.from({ length: topic.partitions }, (_, partitionIndex) => ({
      errorCode: ErrorCode.NONE,
      partitionIndex,
      leaderId: nodeId,
      leaderEpoch,
      replicaNodes: [nodeId],
      isrNodes: [nodeId],
    })),
  }
}
