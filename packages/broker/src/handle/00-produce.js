import { apis, ErrorCode } from '@tidemark/protocol'
import { CloseConnection } from '../dispatch/close.js'
import { handler } from '../dispatch/handler.js'
import { after, allOf } from '../now.js'
import { append, refusedProduce } from '../perform/append.js'
import { findTopic } from './find-topic.js'

const TOPIC_IDS_SINCE = 13
export const produce = handler(apis.Produce, { versions: [3, 13], holds: false }, (request, context) => {
  const appendContext = { version: context.version, nowMs: context.services.platform.clock.now(), acks: request.acks }
  const answer = after(allOf(request.topicData.map((data) => produceTopic(data, appendContext, context))), (responses) => ({ responses }))
  return request.acks === 0 ? after(answer, unanswered) : answer
})
/** Nobody waits for an answer: the only way to tell of an error is to close the connection. */
function unanswered(answer) {
  for (const topic of answer.responses) {
    for (const { errorCode } of topic.partitionResponses) if (errorCode !== ErrorCode.NONE) throw new CloseConnection('acks=0 failed')
  }
}
function produceTopic(data, appendContext, context) {
  const topic = findTopic(context.services.topics, data, context.version >= TOPIC_IDS_SINCE)
  const produced = data.partitionData.map(({ index, records }) => produceOne(topic, index, records, appendContext, context))
  return after(allOf(produced), (all) => ({
    name: data.name,
    topicId: data.topicId,
    partitionResponses: all.map((one, i) => answerOf(data.partitionData[i].index, one)),
  }))
}
function produceOne(topic, index, records, appendContext, { services }) {
  const { acks } = appendContext
  if (acks !== 0 && acks !== 1 && acks !== -1) return refusedProduce(ErrorCode.INVALID_REQUIRED_ACKS)
  if (typeof topic === 'number') return refusedProduce(topic)
  if (topic.internal) return refusedProduce(ErrorCode.INVALID_TOPIC_EXCEPTION, `Cannot append to internal topic ${topic.name}`)
  const partition = services.partitions.open(topic, index)
  if (partition === undefined) return refusedProduce(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  return after(partition, (it) => append(it, services.topics.settings(topic), records, appendContext))
}
const answerOf = (index, produced) => ({
  index,
  errorCode: produced.code,
  baseOffset: produced.baseOffset,
  logAppendTimeMs: produced.logAppendTimeMs,
  logStartOffset: produced.logStartOffset,
  recordErrors: produced.recordErrors,
  errorMessage: produced.message,
})
