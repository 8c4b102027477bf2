/** DeleteTopics: versions 0 to 6. */
import { array, int16, int32, message, string, uuid } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'
import { ZERO_UUID } from './uuid.ts'

export const DeleteTopicsRequest = message(
  'DeleteTopicsRequest',
  { apiKey: 20, versions: '0-6', flexible: '4+' },
  {
    topics: array(
      {
        name: string({ nullable: '6+', default: null }),
        topicId: uuid(),
      },
      { versions: '6+', default: [] },
    ),
    topicNames: array(string(), { versions: '0-5', default: [] }),
    timeoutMs: int32(),
  },
)
export type DeleteTopicsRequest = Infer<typeof DeleteTopicsRequest>

export const DeleteTopicsResponse = message(
  'DeleteTopicsResponse',
  { apiKey: 20, versions: '0-6', flexible: '4+' },
  {
    throttleTimeMs: int32({ versions: '1+', default: 0 }),
    responses: array({
      name: string({ nullable: '6+' }),
      topicId: uuid({ versions: '6+', default: ZERO_UUID }),
      errorCode: int16(),
      errorMessage: string({ versions: '5+', nullable: '5+', default: null }),
    }),
  },
)
export type DeleteTopicsResponse = Infer<typeof DeleteTopicsResponse>
