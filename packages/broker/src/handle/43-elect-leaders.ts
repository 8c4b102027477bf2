/**
 * ElectLeaders 0 to 2. v1 unclean elections · v2 flexible. One node leads every partition already: an election that is
 * asked for by name is not needed, one of all partitions elects none.
 */
import { apis, ErrorCode } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { hasPartition } from '../state/cluster/metadata.ts'

type Context = RequestContext<Pick<Services, 'topics'>>

export const electLeaders = handler(apis.ElectLeaders, { versions: [0, 2] }, (request, { services }: Context) => {
  const replicaElectionResults = (request.topicPartitions ?? []).map(({ topic: name, partitions }) => {
    const topic = services.topics.byName(name)
    return {
      topic: name,
      partitionResult: partitions.map((partitionId) => ({
        partitionId,
        ...outcome(topic !== undefined && hasPartition(topic, partitionId), name),
      })),
    }
  })
  return { errorCode: ErrorCode.NONE, replicaElectionResults }
})

function outcome(exists: boolean, name: string): { readonly errorCode: number; readonly errorMessage: string } {
  return exists
    ? { errorCode: ErrorCode.ELECTION_NOT_NEEDED, errorMessage: 'Leader election not needed for topic partition.' }
    : { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `No such topic as ${name}` }
}
