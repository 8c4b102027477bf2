/** OffsetFetch: versions 0 to 10. */
import { array, bool, int16, int32, message, offset, string, uuid } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'
import { ZERO_UUID } from './uuid.ts'

export const OffsetFetchRequest = message(
  'OffsetFetchRequest',
  { apiKey: 9, versions: '0-10', flexible: '6+' },
  {
    groupId: string({ versions: '0-7', default: '' }),
    topics: array(
      {
        name: string(),
        partitionIndexes: array(int32()),
      },
      { versions: '0-7', nullable: '2-7', default: [] },
    ),
    groups: array(
      {
        groupId: string(),
        memberId: string({ versions: '9+', nullable: '9+', default: null }),
        memberEpoch: int32({ versions: '9+', default: -1 }),
        topics: array(
          {
            name: string({ versions: '8-9', default: '' }),
            topicId: uuid({ versions: '10+', default: ZERO_UUID }),
            partitionIndexes: array(int32()),
          },
          { nullable: '8+' },
        ),
      },
      { versions: '8+', default: [] },
    ),
    requireStable: bool({ versions: '7+', default: false }),
  },
)
export type OffsetFetchRequest = Infer<typeof OffsetFetchRequest>

export const OffsetFetchResponse = message(
  'OffsetFetchResponse',
  { apiKey: 9, versions: '0-10', flexible: '6+' },
  {
    throttleTimeMs: int32({ versions: '3+', default: 0 }),
    topics: array(
      {
        name: string(),
        partitions: array({
          partitionIndex: int32(),
          committedOffset: offset(),
          committedLeaderEpoch: int32({ versions: '5+', default: -1 }),
          metadata: string({ nullable: '0+' }),
          errorCode: int16(),
        }),
      },
      { versions: '0-7', default: [] },
    ),
    errorCode: int16({ versions: '2-7', default: 0 }),
    groups: array(
      {
        groupId: string(),
        topics: array({
          name: string({ versions: '8-9', default: '' }),
          topicId: uuid({ versions: '10+', default: ZERO_UUID }),
          partitions: array({
            partitionIndex: int32(),
            committedOffset: offset(),
            committedLeaderEpoch: int32({ default: -1 }),
            metadata: string({ nullable: '8+' }),
            errorCode: int16(),
          }),
        }),
        errorCode: int16({ default: 0 }),
      },
      { versions: '8+', default: [] },
    ),
  },
)
export type OffsetFetchResponse = Infer<typeof OffsetFetchResponse>
