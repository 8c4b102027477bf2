/** PushTelemetry 0 (KIP-714): metrics of a client, in OTLP. They are told on the diagnostics channel, and not kept. */
import { apis, ErrorCode, ZERO_UUID } from '@tidemark/protocol'
import { tell } from '../diagnostics.ts'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'

type Context = RequestContext<Pick<Services, 'telemetry'>>

const COMPRESSIONS = 5

export const pushTelemetry = handler(apis.PushTelemetry, { versions: [0, 0] }, (request, context: Context) => {
  const { telemetry } = context.services
  const { clientInstanceId, subscriptionId, compressionType, metrics, terminating } = request
  const clientId = context.clientId ?? ''
  if (clientInstanceId === ZERO_UUID) return { errorCode: ErrorCode.INVALID_REQUEST }
  const { id } = telemetry.subscriptionOf({ clientInstanceId, clientId, address: context.clientHost.slice(1) })
  if (subscriptionId !== id) return { errorCode: ErrorCode.UNKNOWN_SUBSCRIPTION_ID }
  if (compressionType < 0 || compressionType >= COMPRESSIONS) return { errorCode: ErrorCode.UNSUPPORTED_COMPRESSION_TYPE }
  if (metrics.length > telemetry.bytesMax) return { errorCode: ErrorCode.TELEMETRY_TOO_LARGE }
  tell({ kind: 'telemetry', clientInstanceId, clientId, compressionType, metrics, terminating })
  return { errorCode: ErrorCode.NONE }
})
