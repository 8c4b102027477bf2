import { apis, ErrorCode, ZERO_UUID } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.js'
import { after, allOf } from '../now.js'
export const deleteTopics = handler(apis.DeleteTopics, { versions: [0, 6], holds: true }, (request, context) => {
  const asked = context.version >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
  return after(allOf(asked.map((one) => deleteOne(one, context))), (responses) => ({ responses }))
})
function deleteOne({ name, topicId }, { services: { topics } }) {
  const byId = topicId !== ZERO_UUID
  if (byId === (name !== null)) {
    return { name, topicId, errorCode: ErrorCode.INVALID_REQUEST, errorMessage: 'A topic is named by its name or by its id.' }
  }
  const topic = byId ? topics.byId(topicId) : topics.byName(name)
  if (topic === undefined) {
    return { name, topicId, errorCode: byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
  }
  return after(topics.delete(topic), (errorCode) => ({ name: topic.name, topicId: topic.id, errorCode }))
}
