/**
 * AlterPartitionReassignments 0 to 1 (KIP-455). v1 whether the replication factor may change. All nodes of this process
 * serve the same logs: a reassignment is done at once, and there is never one to cancel.
 */
import type { Now } from '@tidemark/platform'
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { after, allOf } from '../now.ts'
import { DONE, type Outcome, outcomeOf } from '../outcome.ts'
import { hasPartition } from '../state/cluster/metadata.ts'
import { assignmentFault } from '../state/topics/placement.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'nodes'>>

export const alterPartitionReassignments = handler(apis.AlterPartitionReassignments, { versions: [0, 1] }, (request, context: Context) => {
  const responses = request.topics.map(({ name, partitions }) => {
    const outcomes = partitions.map(({ partitionIndex, replicas }) =>
      after(reassign(name, partitionIndex, replicas, context), (outcome) => ({ partitionIndex, ...outcome })),
    )
    return after(allOf(outcomes), (all) => ({ name, partitions: all }))
  })
  return after(allOf(responses), (all) => ({ ...DONE, responses: all }))
})

function reassign(name: string, index: number, replicas: readonly number[] | null, { services: { topics, nodes } }: Context): Now<Outcome> {
  const topic = topics.byName(name)
  if (topic === undefined || !hasPartition(topic, index)) {
    return {
      errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      errorMessage: `Unable to find a topic named ${name} with partition ${index}.`,
    }
  }
  if (replicas === null) return { errorCode: ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, errorMessage: null }
  const fault = assignmentFault(
    replicas,
    nodes.all.map(({ id }) => id),
  )
  if (fault !== undefined) return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage: fault }
  return nodes.areOne ? DONE : outcomeOf(() => nodes.reassign(topic, index, replicas))
}
