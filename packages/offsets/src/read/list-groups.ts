/** Every group of a cluster, of every kind. */
import type { CallLimits, Kafka } from '@tidemark/client'
import { type Cluster, handleOf, limitsOf, mayPass, retrying } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { apis, errorOf } from '@tidemark/protocol'
import { type GroupSummary, kindOf } from './kinds.ts'

/**
 * Groups of all brokers, by name: one request a broker, whatever the number of groups. Rejects with `TidemarkError`
 * INVALID_OPTION, what a broker refuses (CLUSTER_AUTHORIZATION_FAILED, …), and what the limits bring. Kafka:
 * ListGroups, whose version 5 names the kind (KIP-848, KIP-1043).
 *
 * ```ts
 * await listGroups(kafka)   // [{ group: 'billing', kind: 'classic', state: 'Stable', protocolType: 'consumer', coordinator: 1 }]
 * ```
 */
export async function listGroups(kafka: Kafka, options: CallLimits = {}): Promise<readonly GroupSummary[]> {
  const limits = limitsOf('listGroups()', options)
  const { cluster } = handleOf(kafka)
  const what = 'listing groups'
  const lists = await retrying(cluster, { what, retries: mayPass, ...limits }, async (signal) => {
    await cluster.refresh([], signal)
    return Promise.all(cluster.nodes().map(({ nodeId }) => listOf(cluster, nodeId, { ...limits, signal })))
  })
  // While a coordinator moves, two nodes can list one group.
  const byName = new Map(lists.flat().map((summary) => [summary.group, summary]))
  return [...byName.values()].sort((a, b) => (a.group < b.group ? -1 : 1))
}

/** The groups that one node coordinates; tried again while it loads them. */
export function listOf(cluster: Cluster, node: number, limits: CallLimits): Promise<GroupSummary[]> {
  const what = `listing the groups of node ${node}`
  return retrying(cluster, { what, retries: mayPass, ...limits }, async (signal) => {
    const { body } = await cluster.send(apis.ListGroups, {}, { node, purpose: 'admin', signal })
    if (body.errorCode !== 0) {
      const { name, text } = errorOf(body.errorCode)
      throw new TidemarkError(name, `${what} failed: ${name} (${text})`)
    }
    return body.groups.map(({ groupId, groupType, groupState, protocolType }) => ({
      group: groupId,
      kind: kindOf(groupType),
      state: groupState,
      protocolType,
      coordinator: node,
    }))
  })
}
