/** DeleteRecords: versions 0 to 2. */
import { array, int16, int32, message, offset, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const DeleteRecordsRequest = message(
  'DeleteRecordsRequest',
  { apiKey: 21, versions: '0-2', flexible: '2+' },
  {
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        offset: offset(),
      }),
    }),
    timeoutMs: int32(),
  },
)
export type DeleteRecordsRequest = Infer<typeof DeleteRecordsRequest>

export const DeleteRecordsResponse = message(
  'DeleteRecordsResponse',
  { apiKey: 21, versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        lowWatermark: offset(),
        errorCode: int16(),
      }),
    }),
  },
)
export type DeleteRecordsResponse = Infer<typeof DeleteRecordsResponse>
