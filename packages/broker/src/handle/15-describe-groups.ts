/**
 * DescribeGroups 0 to 6. v3 authorized operations · v4 static members · v5 flexible · v6 GROUP_ID_NOT_FOUND and a
 * message for a group that does not exist; before, it is Dead without an error (KIP-1043).
 */
import { apis, type DescribeGroupsResponse, ErrorCode, type InferInput } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'
import type { DescribedGroup } from '../state/group/describe.ts'

type Context = RequestContext<Pick<Services, 'groups'>>

const NOT_FOUND_SINCE = 6

type Answer = InferInput<typeof DescribeGroupsResponse>['groups'][number]

export const describeGroups = handler(apis.DescribeGroups, { versions: [0, 6] }, (request, { version, services }: Context) => {
  const described = request.groups.map((groupId) => after(services.groups.describe(groupId), (group) => answer(groupId, group, version)))
  return after(allOf(described), (groups) => ({ groups }))
})

const nothing = { protocolType: '', protocolData: '', members: [] }

function answer(groupId: string, group: DescribedGroup | number | undefined, version: number): Answer {
  if (typeof group === 'number') return { ...nothing, groupId, groupState: '', errorCode: group }
  if (group !== undefined) return { ...group, errorCode: ErrorCode.NONE }
  const dead = { ...nothing, groupId, groupState: 'Dead' }
  if (version < NOT_FOUND_SINCE) return { ...dead, errorCode: ErrorCode.NONE }
  return { ...dead, errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage: `Group ${groupId} not found.` }
}
