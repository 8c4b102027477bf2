/** LeaveGroup for members of others: a classic group is empty then, until its members notice and join again. */
import { TidemarkError } from '@tidemark/platform'
import { apis, errorOf } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'
import { coordinatorError } from './coordinator-error.ts'

/** From this version on a request names several members (KIP-345). */
const MEMBERS_FROM = 3

/**
 * A member that is gone already counts as ejected. Rejects with `TidemarkError` UNSUPPORTED_VERSION, Kafka's name of
 * what the coordinator answered, or what the limits bring.
 */
export async function ejectMembers(
  cluster: Cluster,
  group: string,
  memberIds: readonly string[],
  reason: string,
  limits: CallLimits,
): Promise<void> {
  const what = `taking the members out of group '${group}'`
  const members = memberIds.map((memberId) => ({ memberId, groupInstanceId: null, reason }))
  await retrying(cluster, { what, retries: mayPass, ...limits }, async (signal) => {
    const request = (version: number) => {
      if (version < MEMBERS_FROM) throw new TidemarkError('UNSUPPORTED_VERSION', `${what} failed: the broker is older than Kafka 2.4`)
      return { groupId: group, members }
    }
    const { body } = await cluster.send(apis.LeaveGroup, request, { node: { coordinator: group }, purpose: 'admin', signal })
    if (body.errorCode !== 0) throw coordinatorError(cluster, group, what, body.errorCode)
    for (const { memberId, errorCode } of body.members) {
      const { name } = errorOf(errorCode)
      if (name !== 'NONE' && name !== 'UNKNOWN_MEMBER_ID')
        throw coordinatorError(cluster, group, `${what}: member '${memberId}'`, errorCode)
    }
  })
}
