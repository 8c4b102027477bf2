/** CreateTopics: versions 0 to 7. */
import { array, bool, int8, int16, int32, message, string, uuid } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'
import { ZERO_UUID } from './uuid.ts'

export const CreateTopicsRequest = message(
  'CreateTopicsRequest',
  { apiKey: 19, versions: '0-7', flexible: '5+' },
  {
    topics: array({
      name: string(),
      numPartitions: int32(),
      replicationFactor: int16(),
      assignments: array({
        partitionIndex: int32(),
        brokerIds: array(int32()),
      }),
      configs: array({
        name: string(),
        value: string({ nullable: '0+' }),
      }),
    }),
    timeoutMs: int32({ default: 60000 }),
    validateOnly: bool({ versions: '1+', default: false }),
  },
)
export type CreateTopicsRequest = Infer<typeof CreateTopicsRequest>

export const CreateTopicsResponse = message(
  'CreateTopicsResponse',
  { apiKey: 19, versions: '0-7', flexible: '5+' },
  {
    throttleTimeMs: int32({ versions: '2+', default: 0 }),
    topics: array({
      name: string(),
      topicId: uuid({ versions: '7+', default: ZERO_UUID }),
      errorCode: int16(),
      errorMessage: string({ versions: '1+', nullable: '1+', default: '' }),
      topicConfigErrorCode: int16({ versions: '5+', tag: 0, default: 0 }),
      numPartitions: int32({ versions: '5+', default: -1 }),
      replicationFactor: int16({ versions: '5+', default: -1 }),
      configs: array(
        {
          name: string(),
          value: string({ nullable: '5+' }),
          readOnly: bool(),
          configSource: int8({ default: -1 }),
          isSensitive: bool(),
        },
        { versions: '5+', nullable: '5+', default: [] },
      ),
    }),
  },
)
export type CreateTopicsResponse = Infer<typeof CreateTopicsResponse>
