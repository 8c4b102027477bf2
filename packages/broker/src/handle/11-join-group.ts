/**
 * JoinGroup 0 to 9. v1 rebalance time-out · v4 a new member is given its id first (KIP-394) · v5 static members · v6
 * flexible · v7 protocol type, null names · v8 a reason · v9 skipAssignment (KIP-814).
 */
import { apis, type InferInput, type JoinGroupRequest, type JoinGroupResponse } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after } from '../now.ts'
import type { JoinReply } from '../state/group/replies.ts'

type Context = RequestContext<Pick<Services, 'groups'>>

const REBALANCE_TIMEOUT_SINCE = 1
const MEMBER_ID_REQUIRED_SINCE = 4
const NULL_NAMES_SINCE = 7
const SKIP_ASSIGNMENT_SINCE = 9

export const joinGroup = handler(
  apis.JoinGroup,
  { versions: [0, 9] },
  (request, { version, clientId, clientHost, services, signal }: Context) => {
    const { groupId, memberId, groupInstanceId, protocolType, sessionTimeoutMs } = request
    const reply = services.groups.join(
      {
        groupId,
        memberId,
        groupInstanceId,
        protocolType,
        protocols: copies(request.protocols),
        sessionTimeoutMs,
        rebalanceTimeoutMs: version >= REBALANCE_TIMEOUT_SINCE ? request.rebalanceTimeoutMs : sessionTimeoutMs,
        clientId: clientId ?? '',
        clientHost,
        needsMemberId: version >= MEMBER_ID_REQUIRED_SINCE,
        canSkipAssignment: version >= SKIP_ASSIGNMENT_SINCE,
      },
      signal,
    )
    return after(reply, (decided) => decided && answer(decided, version))
  },
)

/** They outlive the request; as views they would keep all of its frame in memory. */
const copies = (protocols: JoinGroupRequest['protocols']) =>
  protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }))

const answer = (reply: JoinReply, version: number): InferInput<typeof JoinGroupResponse> => ({
  ...reply,
  protocolName: version >= NULL_NAMES_SINCE ? reply.protocolName : (reply.protocolName ?? ''),
})
