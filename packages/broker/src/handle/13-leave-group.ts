/** LeaveGroup 0 to 5. v3 several members, by id or by instance id · v4 flexible · v5 a reason. */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'

type Context = RequestContext<Pick<Services, 'groups'>>

const MEMBERS_SINCE = 3

export const leaveGroup = handler(apis.LeaveGroup, { versions: [0, 5] }, (request, { version, services, signal }: Context) => {
  const { groupId, memberId } = request
  const members = version >= MEMBERS_SINCE ? request.members : [{ memberId, groupInstanceId: null }]
  return after(services.groups.leave({ groupId, members }, signal), (reply) => {
    if (reply === undefined || version >= MEMBERS_SINCE) return reply
    return { errorCode: reply.errorCode === ErrorCode.NONE ? reply.members[0]!.errorCode : reply.errorCode }
  })
})
