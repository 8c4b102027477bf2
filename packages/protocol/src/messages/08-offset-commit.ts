/** OffsetCommit: versions 0 to 10. */
import { array, int16, int32, message, offset, string, uuid } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'
import { ZERO_UUID } from './uuid.ts'

export const OffsetCommitRequest = message(
  'OffsetCommitRequest',
  { apiKey: 8, versions: '0-10', flexible: '8+' },
  {
    groupId: string(),
    generationIdOrMemberEpoch: int32({ versions: '1+', default: -1 }),
    memberId: string({ versions: '1+', default: '' }),
    groupInstanceId: string({ versions: '7+', nullable: '7+', default: null }),
    retentionTimeMs: offset({ versions: '2-4', default: -1 }),
    topics: array({
      name: string({ versions: '0-9', default: '' }),
      topicId: uuid({ versions: '10+', default: ZERO_UUID }),
      partitions: array({
        partitionIndex: int32(),
        committedOffset: offset(),
        committedLeaderEpoch: int32({ versions: '6+', default: -1 }),
        commitTimestamp: offset({ versions: '1', default: -1 }),
        committedMetadata: string({ nullable: '0+' }),
      }),
    }),
  },
)
export type OffsetCommitRequest = Infer<typeof OffsetCommitRequest>

export const OffsetCommitResponse = message(
  'OffsetCommitResponse',
  { apiKey: 8, versions: '0-10', flexible: '8+' },
  {
    throttleTimeMs: int32({ versions: '3+', default: 0 }),
    topics: array({
      name: string({ versions: '0-9', default: '' }),
      topicId: uuid({ versions: '10+', default: ZERO_UUID }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    }),
  },
)
export type OffsetCommitResponse = Infer<typeof OffsetCommitResponse>
