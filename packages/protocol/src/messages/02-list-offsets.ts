/** ListOffsets: versions 0 to 11. */
import { array, int8, int16, int32, message, offset, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const ListOffsetsRequest = message(
  'ListOffsetsRequest',
  { apiKey: 2, versions: '0-11', flexible: '6+' },
  {
    replicaId: int32(),
    isolationLevel: int8({ versions: '2+', default: 0 }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        currentLeaderEpoch: int32({ versions: '4+', default: -1 }),
        timestamp: offset(),
        maxNumOffsets: int32({ versions: '0', default: 1 }),
      }),
    }),
    timeoutMs: int32({ versions: '10+', default: 0 }),
  },
)
export type ListOffsetsRequest = Infer<typeof ListOffsetsRequest>

export const ListOffsetsResponse = message(
  'ListOffsetsResponse',
  { apiKey: 2, versions: '0-11', flexible: '6+' },
  {
    throttleTimeMs: int32({ versions: '2+', default: 0 }),
    topics: array({
      name: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        oldStyleOffsets: array(offset(), { versions: '0', default: [] }),
        timestamp: offset({ versions: '1+', default: -1 }),
        offset: offset({ versions: '1+', default: -1 }),
        leaderEpoch: int32({ versions: '4+', default: -1 }),
      }),
    }),
  },
)
export type ListOffsetsResponse = Infer<typeof ListOffsetsResponse>
