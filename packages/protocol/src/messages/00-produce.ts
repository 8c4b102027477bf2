/** Produce: versions 0 to 13. */
import { array, int16, int32, message, offset, records, string, struct, uuid } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'
import { ZERO_UUID } from './uuid.ts'

export const ProduceRequest = message(
  'ProduceRequest',
  { apiKey: 0, versions: '0-13', flexible: '9+' },
  {
    transactionalId: string({ versions: '3+', nullable: '3+', default: null }),
    acks: int16(),
    timeoutMs: int32(),
    topicData: array({
      name: string({ versions: '0-12', default: '' }),
      topicId: uuid({ versions: '13+', default: ZERO_UUID }),
      partitionData: array({
        index: int32(),
        records: records({ nullable: '0+' }),
      }),
    }),
  },
)
export type ProduceRequest = Infer<typeof ProduceRequest>

export const ProduceResponse = message(
  'ProduceResponse',
  { apiKey: 0, versions: '0-13', flexible: '9+' },
  {
    responses: array({
      name: string({ versions: '0-12', default: '' }),
      topicId: uuid({ versions: '13+', default: ZERO_UUID }),
      partitionResponses: array({
        index: int32(),
        errorCode: int16(),
        baseOffset: offset(),
        logAppendTimeMs: offset({ versions: '2+', default: -1 }),
        logStartOffset: offset({ versions: '5+', default: -1 }),
        recordErrors: array(
          {
            batchIndex: int32(),
            batchIndexErrorMessage: string({ nullable: '8+', default: null }),
          },
          { versions: '8+', default: [] },
        ),
        errorMessage: string({ versions: '8+', nullable: '8+', default: null }),
        currentLeader: struct(
          {
            leaderId: int32({ default: -1 }),
            leaderEpoch: int32({ default: -1 }),
          },
          { versions: '10+', tag: 0, default: { leaderId: -1, leaderEpoch: -1 } },
        ),
      }),
    }),
    throttleTimeMs: int32({ versions: '1+', default: 0 }),
    nodeEndpoints: array(
      {
        nodeId: int32(),
        host: string(),
        port: int32(),
        rack: string({ nullable: '10+', default: null }),
      },
      { versions: '10+', tag: 0, default: [] },
    ),
  },
)
export type ProduceResponse = Infer<typeof ProduceResponse>
