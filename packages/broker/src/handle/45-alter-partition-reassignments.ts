/**
 * AlterPartitionReassignments 0 to 1 (KIP-455). v1 whether the replication factor may change. Every partition is where it
 * can be: to be on this node alone is done at once, anything else cannot be, and there is nothing to cancel.
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { hasPartition } from '../state/cluster/metadata.ts'

type Context = RequestContext<Pick<Services, 'topics'>>

export const alterPartitionReassignments = handler(
  apis.AlterPartitionReassignments,
  { versions: [0, 1] },
  (request, { node, services }: Context) => {
    const outcome = (
      name: string,
      index: number,
      replicas: readonly number[] | null,
    ): { errorCode: number; errorMessage: string | null } => {
      const topic = services.topics.byName(name)
      if (topic === undefined || !hasPartition(topic, index)) {
        return {
          errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
          errorMessage: `Unable to find a topic named ${name} with partition ${index}.`,
        }
      }
      if (replicas === null) return { errorCode: ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, errorMessage: null }
      if (replicas.length === 1 && replicas[0] === node.id) return { errorCode: ErrorCode.NONE, errorMessage: null }
      const fault =
        replicas.length === 0
          ? 'The manual partition assignment includes an empty replica list.'
          : new Set(replicas).size < replicas.length
            ? `The manual partition assignment includes the broker ${replicas.find((id, i) => replicas.indexOf(id) !== i)} more than once.`
            : `The manual partition assignment includes broker ${replicas.find((id) => id !== node.id)}, but no such broker is registered.`
      return { errorCode: ErrorCode.INVALID_REPLICA_ASSIGNMENT, errorMessage: fault }
    }
    return {
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      responses: request.topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, replicas }) => ({ partitionIndex, ...outcome(name, partitionIndex, replicas) })),
      })),
    }
  },
)
