/**
 * OffsetForLeaderEpoch 0 to 4. v1 the epoch in the answer · v2 the epoch that the client knows · v3 replica id · v4
 * flexible.
 */
import type { Now } from '@tidemark/platform'
import { apis, ErrorCode, type InferInput, type OffsetForLeaderEpochRequest, type OffsetForLeaderEpochResponse } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { storageCode } from '../failure.ts'
import { after, allOf, attempt } from '../now.ts'
import { leaderEpochFault } from './leader-epoch.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'partitions'>>

type Answer = InferInput<typeof OffsetForLeaderEpochResponse>['topics'][number]['partitions'][number]
type RequestedPartition = OffsetForLeaderEpochRequest['topics'][number]['partitions'][number]

export const offsetForLeaderEpoch = handler(apis.OffsetForLeaderEpoch, { versions: [0, 4], holds: true }, (request, context: Context) => {
  const topics = request.topics.map(({ topic, partitions }) =>
    after(
      allOf(
        partitions.map((asked) =>
          attempt(
            () => answerOf(topic, asked, context),
            (error) => failed(asked, storageCode(error)),
          ),
        ),
      ),
      (answers) => ({ topic, partitions: answers }),
    ),
  )
  return after(allOf(topics), (answers) => ({ topics: answers }))
})

const failed = ({ partition }: RequestedPartition, errorCode: number): Answer => ({ partition, errorCode })

function answerOf(topicName: string, asked: RequestedPartition, { services }: Context): Now<Answer> {
  const topic = services.topics.byName(topicName)
  const partition = topic && services.partitions.open(topic, asked.partition)
  if (partition === undefined) return failed(asked, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  return after(partition, (it) => {
    const fault = leaderEpochFault(asked.currentLeaderEpoch, it)
    if (fault !== ErrorCode.NONE) return failed(asked, fault)
    return after(it.endOfEpoch(asked.leaderEpoch), ({ epoch, endOffset }) => ({
      partition: asked.partition,
      errorCode: ErrorCode.NONE,
      leaderEpoch: epoch,
      endOffset,
    }))
  })
}
