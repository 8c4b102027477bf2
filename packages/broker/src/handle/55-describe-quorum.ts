/**
 * DescribeQuorum 0 to 2 (KIP-595, KIP-836, KIP-853): the log of the cluster's metadata. All nodes are voters, none of
 * which can be behind: they are one process, and have one log.
 */
import { apis, ErrorCode, errorOf } from '@tidemark/protocol'
import { handler } from '../dispatch/handler.ts'
import type { RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { METADATA_TOPIC } from '../state/topics/names.ts'

type Context = RequestContext<Pick<Services, 'topics' | 'nodes' | 'clock'>>

export const describeQuorum = handler(apis.DescribeQuorum, { versions: [0, 2] }, (request, { listener, services }: Context) => {
  const { end, leaderEpoch } = services.topics.metadataLog
  const nowMs = services.clock.now()
  const voter = (replicaId: number) => ({ replicaId, logEndOffset: end, lastFetchTimestamp: nowMs, lastCaughtUpTimestamp: nowMs })
  const topics = request.topics.map(({ topicName, partitions }) => ({
    topicName,
    partitions: partitions.map(({ partitionIndex }) => {
      const errorCode = topicName === METADATA_TOPIC && partitionIndex === 0 ? ErrorCode.NONE : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
      if (errorCode !== ErrorCode.NONE) {
        return {
          partitionIndex,
          errorCode,
          errorMessage: errorOf(errorCode).text,
          leaderId: -1,
          leaderEpoch: -1,
          highWatermark: -1,
          currentVoters: [],
          observers: [],
        }
      }
      return {
        partitionIndex,
        errorCode,
        errorMessage: null,
        leaderId: services.nodes.controller,
        leaderEpoch,
        highWatermark: end,
        currentVoters: services.nodes.all.map(({ id }) => voter(id)),
        observers: [],
      }
    }),
  }))
  return {
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    topics,
    nodes: services.nodes.all.map(({ id }) => ({ nodeId: id, listeners: [{ name: listener.name, ...listener.addressOf(id) }] })),
  }
})
