/** PushTelemetry: version 0. */
import { bool, bytes, int8, int16, int32, message, uuid } from '../schema/fields.ts'
import type { Infer } from '../schema/infer.ts'

export const PushTelemetryRequest = message(
  'PushTelemetryRequest',
  { apiKey: 72, versions: '0', flexible: '0+' },
  {
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    terminating: bool(),
    compressionType: int8(),
    metrics: bytes(),
  },
)
export type PushTelemetryRequest = Infer<typeof PushTelemetryRequest>

export const PushTelemetryResponse = message(
  'PushTelemetryResponse',
  { apiKey: 72, versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
  },
)
export type PushTelemetryResponse = Infer<typeof PushTelemetryResponse>
