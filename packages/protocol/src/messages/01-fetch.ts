/** Fetch: versions 4 to 18. */
import { array, int8, int16, int32, int64, message, offset, records, string, struct, uuid } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'
import { ZERO_UUID } from './uuid.ts'

export const FetchRequest = message(
  'FetchRequest',
  { apiKey: 1, versions: '4-18', flexible: '12+' },
  {
    clusterId: string({ versions: '12+', nullable: '12+', tag: 0, default: null }),
    replicaId: int32({ versions: '4-14', default: -1 }),
    replicaState: struct(
      {
        replicaId: int32({ default: -1 }),
        replicaEpoch: int64({ default: -1n }),
      },
      { versions: '15+', tag: 1, default: { replicaId: -1, replicaEpoch: -1n } },
    ),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32({ default: 2147483647 }),
    isolationLevel: int8({ default: 0 }),
    sessionId: int32({ versions: '7+', default: 0 }),
    sessionEpoch: int32({ versions: '7+', default: -1 }),
    topics: array({
      topic: string({ versions: '4-12', default: '' }),
      topicId: uuid({ versions: '13+', default: ZERO_UUID }),
      partitions: array({
        partition: int32(),
        currentLeaderEpoch: int32({ versions: '9+', default: -1 }),
        fetchOffset: offset(),
        lastFetchedEpoch: int32({ versions: '12+', default: -1 }),
        logStartOffset: offset({ versions: '5+', default: -1 }),
        partitionMaxBytes: int32(),
        replicaDirectoryId: uuid({ versions: '17+', tag: 0, default: ZERO_UUID }),
        highWatermark: int64({ versions: '18+', tag: 1, default: 9223372036854775807n }),
      }),
    }),
    forgottenTopicsData: array(
      {
        topic: string({ versions: '7-12', default: '' }),
        topicId: uuid({ versions: '13+', default: ZERO_UUID }),
        partitions: array(int32()),
      },
      { versions: '7+', default: [] },
    ),
    rackId: string({ versions: '11+', default: '' }),
  },
)
export type FetchRequest = Infer<typeof FetchRequest>

export const FetchResponse = message(
  'FetchResponse',
  { apiKey: 1, versions: '4-18', flexible: '12+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ versions: '7+', default: 0 }),
    sessionId: int32({ versions: '7+', default: 0 }),
    responses: array({
      topic: string({ versions: '4-12', default: '' }),
      topicId: uuid({ versions: '13+', default: ZERO_UUID }),
      partitions: array({
        partitionIndex: int32(),
        errorCode: int16(),
        highWatermark: offset(),
        lastStableOffset: offset({ default: -1 }),
        logStartOffset: offset({ versions: '5+', default: -1 }),
        divergingEpoch: struct(
          {
            epoch: int32({ default: -1 }),
            endOffset: offset({ default: -1 }),
          },
          { versions: '12+', tag: 0, default: { epoch: -1, endOffset: -1 } },
        ),
        currentLeader: struct(
          {
            leaderId: int32({ default: -1 }),
            leaderEpoch: int32({ default: -1 }),
          },
          { versions: '12+', tag: 1, default: { leaderId: -1, leaderEpoch: -1 } },
        ),
        snapshotId: struct(
          {
            endOffset: offset({ default: -1 }),
            epoch: int32({ default: -1 }),
          },
          { versions: '12+', tag: 2, default: { endOffset: -1, epoch: -1 } },
        ),
        abortedTransactions: array(
          {
            producerId: int64(),
            firstOffset: offset(),
          },
          { nullable: '4+' },
        ),
        preferredReadReplica: int32({ versions: '11+', default: -1 }),
        records: records({ nullable: '4+' }),
      }),
    }),
    nodeEndpoints: array(
      {
        nodeId: int32(),
        host: string(),
        port: int32(),
        rack: string({ nullable: '16+', default: null }),
      },
      { versions: '16+', tag: 0, default: [] },
    ),
  },
)
export type FetchResponse = Infer<typeof FetchResponse>
