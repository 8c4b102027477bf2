/** OffsetDelete: version 0. */
import { array, int16, int32, message, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const OffsetDeleteRequest = message(
  'OffsetDeleteRequest',
  { apiKey: 47, versions: '0', flexible: 'none' },
  {
    groupId: string(),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
      }),
    }),
  },
)
export type OffsetDeleteRequest = Infer<typeof OffsetDeleteRequest>

export const OffsetDeleteResponse = message(
  'OffsetDeleteResponse',
  { apiKey: 47, versions: '0', flexible: 'none' },
  {
    errorCode: int16(),
    throttleTimeMs: int32({ default: 0 }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
)
export type OffsetDeleteResponse = Infer<typeof OffsetDeleteResponse>
