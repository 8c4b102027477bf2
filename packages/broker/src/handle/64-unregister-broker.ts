/** UnregisterBroker 0 (KIP-631). The one node that there is cannot be unregistered while it answers. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'

export const unregisterBroker = handler(apis.UnregisterBroker, { versions: [0, 0] }, ({ brokerId }, { node }) =>
  brokerId === node.id
    ? {
        errorCode: ErrorCode.INVALID_REQUEST,
        errorMessage: `Broker ${brokerId} is the only node of this cluster; it cannot be unregistered.`,
      }
    : { errorCode: ErrorCode.BROKER_ID_NOT_REGISTERED, errorMessage: `Broker ID ${brokerId} is not currently registered` },
)
