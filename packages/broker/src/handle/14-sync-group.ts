/**
 * SyncGroup 0 to 5. v3 static members · v4 flexible · v5 protocol type and name, which have to be there (KIP-559).
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'
import { syncError } from '../state/group/replies.ts'

type Context = RequestContext<Pick<Services, 'groups'>>

const PROTOCOL_SINCE = 5

export const syncGroup = handler(apis.SyncGroup, { versions: [0, 5] }, (request, { version, services, signal }: Context) => {
  if (version >= PROTOCOL_SINCE && (request.protocolType === null || request.protocolName === null)) {
    return syncError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  }
  // They outlive the request; as views they would keep all of its frame in memory.
  const assignments = request.assignments.map(({ memberId, assignment }) => ({ memberId, assignment: Buffer.from(assignment) }))
  return after(services.groups.sync({ ...request, assignments }, signal), (reply) => reply)
})
