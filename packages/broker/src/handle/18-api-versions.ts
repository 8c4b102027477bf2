/**
 * ApiVersions 0 to 4. v1 throttle time · v3 flexible, the client's software · v4 features whose lowest version is 0.
 *
 * The answer is made from the table that requests are dispatched by: what is advertised is what is served.
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { type Handler, handler } from '../dispatch/handler.ts'
import type { AdvertisedApi } from '../dispatch/table.ts'
import { FEATURES } from '../state/cluster/features.ts'

/** KIP-511: what Kafka's `ApiVersionsRequest.isValid` takes for the name and version of a client's software. */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/
const SOFTWARE_SINCE = 3

export function apiVersions(advertised: () => readonly AdvertisedApi[]): Handler<typeof apis.ApiVersions> {
  return handler(apis.ApiVersions, { versions: [0, 4] }, (request, context) => {
    const named = SOFTWARE.test(request.clientSoftwareName) && SOFTWARE.test(request.clientSoftwareVersion)
    if (context.version >= SOFTWARE_SINCE && !named) return { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] }
    return {
      errorCode: ErrorCode.NONE,
      apiKeys: advertised(),
      supportedFeatures: FEATURES.map(({ name, min, max }) => ({ name, minVersion: min, maxVersion: max })),
      finalizedFeaturesEpoch: 0n,
      finalizedFeatures: FEATURES.map(({ name, finalized }) => ({ name, maxVersionLevel: finalized, minVersionLevel: finalized })),
    }
  })
}
