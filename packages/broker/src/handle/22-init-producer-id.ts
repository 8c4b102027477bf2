/**
 * InitProducerId 0 to 5. v2 flexible · v3 a known id and epoch (KIP-360) · v4 PRODUCER_FENCED · v5 for transactions.
 * Without transactions.
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { storageCode } from '../failure.ts'
import { after, attempt } from '../now.ts'

type Context = RequestContext<Pick<Services, 'producerIds'>>

export const initProducerId = handler(apis.InitProducerId, { versions: [0, 5], holds: true }, (request, { services }: Context) => {
  if (request.transactionalId !== null) {
    const errorCode = request.transactionalId === '' ? ErrorCode.INVALID_REQUEST : ErrorCode.UNSUPPORTED_VERSION
    return { errorCode, producerId: -1n, producerEpoch: -1 }
  }
  return attempt(
    () => after(services.producerIds.next(), (producerId) => ({ errorCode: ErrorCode.NONE, producerId, producerEpoch: 0 })),
    (error) => ({ errorCode: storageCode(error), producerId: -1n, producerEpoch: -1 }),
  )
})
