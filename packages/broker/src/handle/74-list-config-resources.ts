/** ListConfigResources 0 to 1 (KIP-1142). v0 client metrics alone · v1 the types that are asked for; none: all. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { ResourceType } from '../state/configs/definition.ts'

type Context = RequestContext<Pick<Services, 'configs'>>

const ALL: readonly number[] = [
  ResourceType.TOPIC,
  ResourceType.BROKER,
  ResourceType.BROKER_LOGGER,
  ResourceType.CLIENT_METRICS,
  ResourceType.GROUP,
]

export const listConfigResources = handler(apis.ListConfigResources, { versions: [0, 1] }, (request, { version, services }: Context) => {
  const asked = version === 0 ? [ResourceType.CLIENT_METRICS] : request.resourceTypes.length === 0 ? ALL : request.resourceTypes
  if (asked.some((type) => !ALL.includes(type))) return { errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] }
  const configResources = asked.flatMap((resourceType) =>
    services.configs.names(resourceType).map((resourceName) => ({ resourceName, resourceType })),
  )
  return { errorCode: ErrorCode.NONE, configResources }
})
