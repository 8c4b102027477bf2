/** DescribeProducers 0 (KIP-664): what partitions know of their idempotent producers. */
import type { Now } from '@tidemark/platform'
import { apis, type DescribeProducersResponse, ErrorCode, errorOf, type InferInput } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { storageCode } from '../failure.ts'
import { after, allOf, attempt } from '../now.ts'
import { hasPartition } from '../state/cluster/metadata.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'partitions'>>
type Answer = InferInput<typeof DescribeProducersResponse>['topics'][number]['partitions'][number]

const NO_TRANSACTION = -1
const NO_COORDINATOR = -1

export const describeProducers = handler(apis.DescribeProducers, { versions: [0, 0], holds: true }, (request, context: Context) => {
  const topics = request.topics.map(({ name, partitionIndexes }) =>
    after(allOf(partitionIndexes.map((index) => describe(name, index, context))), (partitions) => ({ name, partitions })),
  )
  return after(allOf(topics), (answers) => ({ topics: answers }))
})

function describe(name: string, partitionIndex: number, { services }: Context): Now<Answer> {
  const failed = (errorCode: number): Answer => ({ partitionIndex, errorCode, errorMessage: errorOf(errorCode).text, activeProducers: [] })
  const topic = services.topics.byName(name)
  if (topic === undefined || !hasPartition(topic, partitionIndex)) return failed(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  return attempt<Answer>(
    () =>
      after(services.partitions.open(topic, partitionIndex)!, (partition) =>
        after(partition.state(), ({ producers }) => ({
          partitionIndex,
          errorCode: ErrorCode.NONE,
          errorMessage: null,
          activeProducers: producers.entries().map(({ producerId, producerEpoch, batches }) => ({
            producerId,
            producerEpoch,
            lastSequence: batches.at(-1)?.lastSequence ?? -1,
            lastTimestamp: batches.at(-1)?.timestampMs ?? -1,
            coordinatorEpoch: NO_COORDINATOR,
            currentTxnStartOffset: NO_TRANSACTION,
          })),
        })),
      ),
    (error) => failed(storageCode(error)),
  )
}
