/** UnregisterBroker 0 (KIP-631). Every node that this cluster has is one of this process, and stays registered. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'

type Context = RequestContext<Pick<Services, 'nodes'>>

export const unregisterBroker = handler(apis.UnregisterBroker, { versions: [0, 0] }, ({ brokerId }, { services }: Context) =>
  services.nodes.all.some(({ id }) => id === brokerId)
    ? {
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: `Broker ${brokerId} is a node of the process that answers; it cannot be unregistered.`,
      }
    : { errorCode: ErrorCode.BROKER_ID_NOT_REGISTERED, errorMessage: `Broker ID ${brokerId} is not currently registered` },
)
