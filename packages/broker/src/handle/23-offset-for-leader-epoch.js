import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.js'
import { after, allOf } from '../now.js'
import { leaderEpochFault } from './leader-epoch.js'
export const offsetForLeaderEpoch = handler(apis.OffsetForLeaderEpoch, { versions: [0, 4], holds: true }, (request, context) => {
  const topics = request.topics.map(({ topic, partitions }) =>
    after(allOf(partitions.map((asked) => answerOf(topic, asked, context))), (answers) => ({ topic, partitions: answers })),
  )
  return after(allOf(topics), (answers) => ({ topics: answers }))
})
function answerOf(topicName, asked, { services }) {
  const failed = (errorCode) => ({ partition: asked.partition, errorCode })
  const topic = services.topics.byName(topicName)
  const partition = topic && services.partitions.open(topic, asked.partition)
  if (partition === undefined) return failed(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  return after(partition, (it) => {
    const fault = leaderEpochFault(asked.currentLeaderEpoch, it)
    if (fault !== ErrorCode.NONE) return failed(fault)
    return after(it.endOfEpoch(asked.leaderEpoch), ({ epoch, endOffset }) => ({
      partition: asked.partition,
      errorCode: ErrorCode.NONE,
      leaderEpoch: epoch,
      endOffset,
    }))
  })
}
