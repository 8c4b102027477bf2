/** DeleteAcls 0 to 3 (KIP-140). v1 patterns (KIP-290) · v2 flexible · v3 users. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'

type Context = RequestContext<Pick<Services, 'authorizer'>>

export const deleteAcls = handler(apis.DeleteAcls, { versions: [0, 3], holds: true }, (request, { services }: Context) => {
  const filters = request.filters.map((it) => ({
    resourceType: it.resourceTypeFilter,
    resourceName: it.resourceNameFilter,
    patternType: it.patternTypeFilter,
    principal: it.principalFilter,
    host: it.hostFilter,
    operation: it.operation,
    permissionType: it.permissionType,
  }))
  return after(services.authorizer.delete(filters), (results) => ({
    filterResults: results.map(({ errorCode, errorMessage, acls }) => ({
      errorCode,
      errorMessage,
      matchingAcls: acls.map((acl) => ({ errorCode: ErrorCode.NONE, errorMessage: null, ...acl })),
    })),
  }))
})
