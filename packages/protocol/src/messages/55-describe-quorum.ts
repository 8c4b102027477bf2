/** DescribeQuorum: versions 0 to 2. */
import { array, int16, int32, message, offset, string, uint16, uuid } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'
import { ZERO_UUID } from './uuid.ts'

export const DescribeQuorumRequest = message(
  'DescribeQuorumRequest',
  { apiKey: 55, versions: '0-2', flexible: '0+' },
  {
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
      }),
    }),
  },
)
export type DescribeQuorumRequest = Infer<typeof DescribeQuorumRequest>

export const DescribeQuorumResponse = message(
  'DescribeQuorumResponse',
  { apiKey: 55, versions: '0-2', flexible: '0+' },
  {
    errorCode: int16(),
    errorMessage: string({ versions: '2+', nullable: '2+', default: null }),
    topics: array({
      topicName: string(),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string({ versions: '2+', nullable: '2+', default: null }),
        leaderId: int32(),
        leaderEpoch: int32(),
        highWatermark: offset(),
        currentVoters: array({
          replicaId: int32(),
          replicaDirectoryId: uuid({ versions: '2+', default: ZERO_UUID }),
          logEndOffset: offset(),
          lastFetchTimestamp: offset({ versions: '1+', default: -1 }),
          lastCaughtUpTimestamp: offset({ versions: '1+', default: -1 }),
        }),
        observers: array({
          replicaId: int32(),
          replicaDirectoryId: uuid({ versions: '2+', default: ZERO_UUID }),
          logEndOffset: offset(),
          lastFetchTimestamp: offset({ versions: '1+', default: -1 }),
          lastCaughtUpTimestamp: offset({ versions: '1+', default: -1 }),
        }),
      }),
    }),
    nodes: array(
      {
        nodeId: int32({ versions: '2+', default: 0 }),
        listeners: array(
          {
            name: string({ versions: '2+', default: '' }),
            host: string({ versions: '2+', default: '' }),
            port: uint16({ versions: '2+', default: 0 }),
          },
          { versions: '2+', default: [] },
        ),
      },
      { versions: '2+', default: [] },
    ),
  },
)
export type DescribeQuorumResponse = Infer<typeof DescribeQuorumResponse>
