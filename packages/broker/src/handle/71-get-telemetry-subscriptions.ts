/** GetTelemetrySubscriptions 0 (KIP-714): which metrics a client is asked to push, and how often. */
import { apis, ErrorCode, ZERO_UUID } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'

type Context = RequestContext<Pick<Services, 'telemetry'>>

/** gzip, LZ4, zstd, snappy, none: in the order of preference, as Kafka gives it. */
const ACCEPTED = [4, 3, 1, 2]

export const getTelemetrySubscriptions = handler(apis.GetTelemetrySubscriptions, { versions: [0, 0] }, (request, context: Context) => {
  const { telemetry } = context.services
  const clientInstanceId = request.clientInstanceId === ZERO_UUID ? telemetry.newInstanceId() : request.clientInstanceId
  const { id, metrics, intervalMs } = telemetry.subscriptionOf({
    clientInstanceId,
    clientId: context.clientId ?? '',
    address: context.clientHost.slice(1),
  })
  return {
    errorCode: ErrorCode.NONE,
    clientInstanceId,
    subscriptionId: id,
    acceptedCompressionTypes: ACCEPTED,
    pushIntervalMs: intervalMs,
    telemetryMaxBytes: telemetry.bytesMax,
    deltaTemporality: true,
    requestedMetrics: [...metrics],
  }
})
