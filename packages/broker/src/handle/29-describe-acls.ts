/** DescribeAcls 0 to 3 (KIP-140). v1 patterns (KIP-290) · v2 flexible · v3 users. */
import { apis } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'

type Context = RequestContext<Pick<Services, 'authorizer'>>

export const describeAcls = handler(apis.DescribeAcls, { versions: [0, 3] }, (request, { services }: Context) => {
  const { errorCode, errorMessage, acls } = services.authorizer.describe({
    resourceType: request.resourceTypeFilter,
    resourceName: request.resourceNameFilter,
    patternType: request.patternTypeFilter,
    principal: request.principalFilter,
    host: request.hostFilter,
    operation: request.operation,
    permissionType: request.permissionType,
  })
  const byResource = Map.groupBy(acls, ({ resourceType, resourceName, patternType }) =>
    JSON.stringify([resourceType, resourceName, patternType]),
  )
  const resources = Array.from(byResource.values(), (of) => {
    const { resourceType, resourceName, patternType } = of[0]!
    return {
      resourceType,
      resourceName,
      patternType,
      acls: of.map(({ principal, host, operation, permissionType }) => ({ principal, host, operation, permissionType })),
    }
  })
  return { errorCode, errorMessage, resources }
})
