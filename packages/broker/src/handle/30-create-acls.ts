/** CreateAcls 0 to 3 (KIP-140). v1 patterns (KIP-290) · v2 flexible · v3 users. */
import { apis } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'

type Context = RequestContext<Pick<Services, 'authorizer'>>

export const createAcls = handler(apis.CreateAcls, { versions: [0, 3], holds: true }, (request, { services }: Context) => {
  const acls = request.creations.map((it) => ({
    resourceType: it.resourceType,
    resourceName: it.resourceName,
    patternType: it.resourcePatternType,
    principal: it.principal,
    host: it.host,
    operation: it.operation,
    permissionType: it.permissionType,
  }))
  return after(services.authorizer.create(acls), (results) => ({ results: [...results] }))
})
