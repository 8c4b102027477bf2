/** DeleteGroups 0 to 2. v2 flexible. A group without members, with all that it has committed. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'

type Context = RequestContext<Pick<Services, 'groups'>>

export const deleteGroups = handler(apis.DeleteGroups, { versions: [0, 2], holds: true }, (request, { services, signal }: Context) => {
  const names = [...new Set(request.groupsNames)]
  const results = names.map((groupId) =>
    after(services.groups.delete(groupId, signal), (errorCode) => ({
      groupId,
      errorCode: errorCode ?? ErrorCode.COORDINATOR_NOT_AVAILABLE,
    })),
  )
  return after(allOf(results), (all) => ({ results: all }))
})
