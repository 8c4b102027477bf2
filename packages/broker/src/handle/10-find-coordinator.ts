/**
 * FindCoordinator 0 to 6. v1 kind of key, message · v3 flexible · v4 several keys · v5 transactions of version 2 · v6
 * share groups.
 *
 * The node that leads a key's partition of `__consumer_offsets` coordinates it. Transactions are not served yet: a
 * transactional producer finds its coordinator and gets UNSUPPORTED_VERSION from InitProducerId, which is final. A
 * retriable error here would keep it asking until its time-out. Keys of share groups, which only brokers ask for, get
 * INVALID_REQUEST, as from a Kafka broker without share groups.
 */
import { apis, ErrorCode, errorOf } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { NO_LEADER } from '../metadata/nodes.ts'

const GROUP = 0
const TRANSACTION = 1
const KEYS_SINCE = 4

type Context = RequestContext<Pick<Services, 'nodes'>>

export const findCoordinator = handler(apis.FindCoordinator, { versions: [0, 6] }, (request, context: Context) => {
  const { keyType } = request
  if (context.version >= KEYS_SINCE) return { coordinators: request.coordinatorKeys.map((key) => coordinatorOf(key, keyType, context)) }
  const { key: _, ...coordinator } = coordinatorOf(request.key, keyType, context)
  return coordinator
})

function coordinatorOf(key: string, keyType: number, { listener, services: { nodes } }: Context) {
  const errorCode = errorCodeOf(key, keyType)
  if (errorCode !== ErrorCode.NONE) return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage: messageOf(errorCode) }
  const nodeId = nodes.coordinatorOf(key)
  if (nodeId === NO_LEADER) {
    const { COORDINATOR_NOT_AVAILABLE: none } = ErrorCode
    return { key, nodeId, host: '', port: -1, errorCode: none, errorMessage: messageOf(none) }
  }
  const { host, port } = listener.addressOf(nodeId)
  return { key, nodeId, host, port, errorCode, errorMessage: '' }
}

function errorCodeOf(key: string, keyType: number): number {
  if (keyType === GROUP) return key === '' ? ErrorCode.INVALID_GROUP_ID : ErrorCode.NONE
  return keyType === TRANSACTION ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST
}

const messageOf = (errorCode: number): string => {
  const { text, name } = errorOf(errorCode)
  return text === '' ? name : text
}
