/** DeleteRecords 0 to 2. v2 flexible. The log begins at the offset from then on; −1 is the high watermark (trap 31). */
import type { Now } from '@tidemark/platform'
import { apis, type DeleteRecordsResponse, ErrorCode, type InferInput } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { storageCode } from '../failure.ts'
import { after, allOf, attempt } from '../now.ts'
import { hasPartition } from '../state/cluster/metadata.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'partitions'>>
type Answer = InferInput<typeof DeleteRecordsResponse>['topics'][number]['partitions'][number]

/** Kafka's `DeleteRecordsRequest.HIGH_WATERMARK`, and what a refused partition answers. */
const HIGH_WATERMARK = -1
const INVALID_LOW_WATERMARK = -1

export const deleteRecords = handler(apis.DeleteRecords, { versions: [0, 2], holds: true }, (request, context: Context) => {
  const topics = request.topics.map(({ name, partitions }) =>
    after(allOf(partitions.map(({ partitionIndex, offset }) => deleteBelow(name, partitionIndex, offset, context))), (answers) => ({
      name,
      partitions: answers,
    })),
  )
  return after(allOf(topics), (answers) => ({ topics: answers }))
})

function deleteBelow(name: string, partitionIndex: number, asked: number, { node, services }: Context): Now<Answer> {
  const failed = (errorCode: number): Answer => ({ partitionIndex, lowWatermark: INVALID_LOW_WATERMARK, errorCode })
  const topic = services.topics.byName(name)
  if (topic === undefined || !hasPartition(topic, partitionIndex)) return failed(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  if (topic.internal) return failed(ErrorCode.INVALID_TOPIC_EXCEPTION)
  const settings = services.topics.settings(topic, node.id)
  // Kafka's `Partition.deleteRecordsOnLeader`: a log that is only compacted has no low watermark of its own.
  if (settings.compacted && !settings.deletes) return failed(ErrorCode.POLICY_VIOLATION)
  return attempt(
    () =>
      after(services.partitions.open(topic, partitionIndex)!, (partition) => {
        const offset = asked === HIGH_WATERMARK ? partition.highWatermark : asked
        if (!(offset >= 0 && offset <= partition.highWatermark)) return failed(ErrorCode.OFFSET_OUT_OF_RANGE)
        return after(partition.deleteRecords(offset), () => ({ partitionIndex, lowWatermark: partition.start, errorCode: ErrorCode.NONE }))
      }),
    (error) => failed(storageCode(error)),
  )
}
