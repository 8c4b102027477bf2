/** DescribeProducers: version 0. */
import { array, int16, int32, int64, message, offset, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const DescribeProducersRequest = message(
  'DescribeProducersRequest',
  { apiKey: 61, versions: '0', flexible: '0+' },
  {
    topics: array({
      name: string(),
      partitionIndexes: array(int32()),
    }),
  },
)
export type DescribeProducersRequest = Infer<typeof DescribeProducersRequest>

export const DescribeProducersResponse = message(
  'DescribeProducersResponse',
  { apiKey: 61, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        activeProducers: array({
          producerId: int64(),
          producerEpoch: int32(),
          lastSequence: int32({ default: -1 }),
          lastTimestamp: offset({ default: -1 }),
          coordinatorEpoch: int32(),
          currentTxnStartOffset: offset({ default: -1 }),
        }),
      }),
    }),
  },
)
export type DescribeProducersResponse = Infer<typeof DescribeProducersResponse>
