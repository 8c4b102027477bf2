/** InitProducerId: versions 0 to 5. */
import { int16, int32, int64, message, string } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const InitProducerIdRequest = message(
  'InitProducerIdRequest',
  { apiKey: 22, versions: '0-5', flexible: '2+' },
  {
    transactionalId: string({ nullable: '0+' }),
    transactionTimeoutMs: int32(),
    producerId: int64({ versions: '3+', default: -1n }),
    producerEpoch: int16({ versions: '3+', default: -1 }),
  },
)
export type InitProducerIdRequest = Infer<typeof InitProducerIdRequest>

export const InitProducerIdResponse = message(
  'InitProducerIdResponse',
  { apiKey: 22, versions: '0-5', flexible: '2+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    producerId: int64({ default: -1n }),
    producerEpoch: int16(),
  },
)
export type InitProducerIdResponse = Infer<typeof InitProducerIdResponse>
