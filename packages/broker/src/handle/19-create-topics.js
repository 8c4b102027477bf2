import { apis, ErrorCode, ZERO_UUID } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.js'
import { after, allOf } from '../now.js'
import { allConfigs } from '../state/topics/configs.js'

/** Kafka's `DescribeConfigsResponse.ConfigSource`. */
const FROM_TOPIC = 1
const FROM_DEFAULT = 5
export const createTopics = handler(apis.CreateTopics, { versions: [0, 7], holds: true }, (request, context) => {
  const counts = new Map()
  for (const { name } of request.topics) counts.set(name, (counts.get(name) ?? 0) + 1)
  const answers = []
  for (const asked of request.topics) {
    const times = counts.get(asked.name)
    if (times === 0) continue
    counts.set(asked.name, 0)
    answers.push(
      times > 1 ? refused(asked.name, ErrorCode.INVALID_REQUEST, 'Duplicate topic name.') : create(asked, request.validateOnly, context),
    )
  }
  return after(allOf(answers), (topics) => ({ topics }))
})
const refused = (name, errorCode, errorMessage) => ({ name, errorCode, errorMessage })
function create(asked, validateOnly, context) {
  const { topics } = context.services
  if (validateOnly) {
    const decided = topics.decide(asked)
    if (decided.kind === 'refuse') return refused(asked.name, decided.code, decided.message)
    return made(asked.name, ZERO_UUID, decided.partitions, decided.configs, context)
  }
  return after(topics.create(asked), (created) => {
    if (created.kind === 'refuse') return refused(asked.name, created.code, created.message)
    const { id, partitions, configs } = created.topic
    return made(asked.name, id, partitions, configs, context)
  })
}
function made(name, topicId, numPartitions, given, { services }) {
  const configs = allConfigs(given, services.options).map(({ name: config, value, isDefault }) => ({
    name: config,
    value,
    readOnly: false,
    configSource: isDefault ? FROM_DEFAULT : FROM_TOPIC,
    isSensitive: false,
  }))
  return { name, topicId, errorCode: ErrorCode.NONE, errorMessage: null, numPartitions, replicationFactor: 1, configs }
}
