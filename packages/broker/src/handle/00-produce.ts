/**
 * Produce 3 to 13. v3 record format v2 · v5 log start offset · v7 zstd · v8 errors of single records · v9 flexible ·
 * v10 current leader · v13 topic ids. Versions 0 to 2 are advertised and not served, as in Kafka (KAFKA-18659; see
 * dispatch/table.ts).
 */
import type { Now } from '@tidemark/platform'
import { apis, ErrorCode, type InferInput, type ProduceRequest, type ProduceResponse } from '@tidemark/protocol'
import { CloseConnection } from '../dispatch/close.ts'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import type { Topic } from '../metadata/topics.ts'
import { after, allOf, attempt } from '../now.ts'
import { type AppendContext, append, type Produced, refusalOf, refusedProduce } from '../partition/append.ts'
import { findTopic } from './find-topic.ts'
import { isLedElsewhere } from './led-here.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'partitions' | 'clock' | 'nodes'>>

type Answer = InferInput<typeof ProduceResponse>
type TopicData = ProduceRequest['topicData'][number]

const TOPIC_IDS_SINCE = 13

export const produce = handler(apis.Produce, { versions: [3, 13], holds: false }, (request, context: Context) => {
  const appendContext = { version: context.version, nowMs: context.services.clock.now(), acks: request.acks, inSync: 1 }
  const answer = after(
    allOf(request.topicData.map((data) => produceTopic(data, appendContext, context))),
    (responses): Answer => ({ responses }),
  )
  return request.acks === 0 ? after(answer, unanswered) : answer
})

/** Nobody waits for an answer: the only way to tell of an error is to close the connection. */
function unanswered(answer: Answer): undefined {
  for (const topic of answer.responses) {
    for (const { errorCode } of topic.partitionResponses) if (errorCode !== ErrorCode.NONE) throw new CloseConnection('acks=0 failed')
  }
}

function produceTopic(data: TopicData, appendContext: AppendContext, context: Context): Now<Answer['responses'][number]> {
  const topic = findTopic(context.services.topics, data, context.version >= TOPIC_IDS_SINCE)
  const produced = data.partitionData.map(({ index, records }) => produceOne(topic, index, records, appendContext, context))
  return after(allOf(produced), (all) => ({
    name: data.name,
    topicId: data.topicId,
    partitionResponses: all.map((one, i) => answerOf(data.partitionData[i]!.index, one)),
  }))
}

function produceOne(
  topic: Topic | number,
  index: number,
  records: Buffer | null,
  appendContext: AppendContext,
  context: Context,
): Now<Produced> {
  const { services, node } = context
  const { acks } = appendContext
  if (acks !== 0 && acks !== 1 && acks !== -1) return refusedProduce(ErrorCode.INVALID_REQUIRED_ACKS)
  if (typeof topic === 'number') return refusedProduce(topic)
  if (topic.internal) return refusedProduce(ErrorCode.INVALID_TOPIC_EXCEPTION, `Cannot append to internal topic ${topic.name}`)
  return attempt(() => {
    const partition = services.partitions.open(topic, index)
    if (partition === undefined) return refusedProduce(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    return after(partition, (it) =>
      append(it, services.topics.settings(topic, node.id), records, ofNodes(topic, index, appendContext, context)),
    )
  }, refusalOf)
}

function ofNodes(topic: Topic, index: number, appendContext: AppendContext, context: Context): AppendContext {
  const { nodes } = context.services
  if (nodes.areOne) return appendContext
  return { ...appendContext, inSync: nodes.inSyncOf(topic, index).length, isLedElsewhere: () => isLedElsewhere(topic, index, context) }
}

const answerOf = (index: number, produced: Produced): Answer['responses'][number]['partitionResponses'][number] => ({
  index,
  errorCode: produced.code,
  baseOffset: produced.baseOffset,
  logAppendTimeMs: produced.logAppendTimeMs,
  logStartOffset: produced.logStartOffset,
  recordErrors: produced.recordErrors,
  errorMessage: produced.message,
})
