/** DescribeClientQuotas 0 to 1 (KIP-546). v1 flexible. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'

type Context = RequestContext<Pick<Services, 'quotas'>>

const MATCH_TYPES_MAX = 2

export const describeClientQuotas = handler(apis.DescribeClientQuotas, { versions: [0, 1] }, (request, { services }: Context) => {
  const { components, strict } = request
  const refused = (errorMessage: string) => ({ errorCode: ErrorCode.INVALID_REQUEST, errorMessage, entries: null })
  for (const { entityType, matchType } of components) {
    if (entityType === '') return refused('Invalid empty entity type')
    if (matchType < 0 || matchType > MATCH_TYPES_MAX) return refused(`Unknown match type ${matchType}`)
    if (!['user', 'client-id', 'ip'].includes(entityType)) {
      return { errorCode: ErrorCode.UNSUPPORTED_VERSION, errorMessage: `Unsupported entity type ${entityType}`, entries: null }
    }
  }
  const found = services.quotas.describe(components, strict)
  const entries = found.map(({ entity, values }) => ({
    entity: entity.map(({ type, name }) => ({ entityType: type, entityName: name })),
    values,
  }))
  return { errorCode: ErrorCode.NONE, errorMessage: null, entries }
})
