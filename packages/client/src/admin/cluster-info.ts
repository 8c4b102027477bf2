/** The cluster as a whole: its nodes, features, quorum and log directories, and what partitions know of producers. */
import { TidemarkError } from '@tidemark/platform'
import { apis } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'
import { SOFTWARE } from '../connect/handshake.ts'
import { nameOf, type TopicName } from '../messages/topic.ts'
import type { TopicPartition } from '../messages/topic-partition.ts'
import { askAny, refusal } from './ask.ts'
import { limitsOf } from './limits.ts'

export interface ClusterNode {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface ClusterDescription {
  readonly clusterId: string
  /** -1: it is not known. */
  readonly controller: number
  /** By id. */
  readonly nodes: readonly ClusterNode[]
}

export interface ClusterFeature {
  readonly name: string
  /** What the node that was asked can. */
  readonly supported: readonly [min: number, max: number] | undefined
  /** The level that the cluster is on; undefined: it is off. */
  readonly finalized: number | undefined
}

export interface QuorumReplica {
  readonly id: number
  readonly logEndOffset: number
  readonly lastCaughtUpMs: number
}

export interface QuorumDescription {
  readonly leader: number
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly voters: readonly QuorumReplica[]
  readonly observers: readonly QuorumReplica[]
}

export interface LogDir {
  readonly node: number
  readonly path: string
  /** -1: the broker is too old to tell. */
  readonly totalBytes: number
  readonly usableBytes: number
  readonly partitions: readonly (TopicPartition & { readonly bytes: number; readonly lag: number })[]
}

export interface ActiveProducer {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly lastSequence: number
  readonly lastTimestampMs: number
  /** Where its open transaction began; -1: none is open. */
  readonly transactionStart: number
}

/** Every call also rejects with INVALID_OPTION, and with what `CallLimits` bring. */
export interface ClusterInfo {
  describe(options?: CallLimits): Promise<ClusterDescription>
  /** By name. */
  features(options?: CallLimits): Promise<readonly ClusterFeature[]>
  /** Of the metadata log (KRaft). */
  quorum(options?: CallLimits): Promise<QuorumDescription>
  /** Of all nodes. */
  logDirs(options?: CallLimits): Promise<readonly LogDir[]>
  /** Idempotent and transactional producers that a partition knows. Rejects with UNKNOWN_TOPIC_OR_PARTITION, … */
  producers(topic: TopicName, partition: number, options?: CallLimits): Promise<readonly ActiveProducer[]>
}

const METADATA_TOPIC = '__cluster_metadata'

export function clusterInfoOf(cluster: Cluster): ClusterInfo {
  return {
    async describe(options = {}) {
      const answer = await askAny(cluster, 'describing the cluster', limitsOf('cluster.describe()', options), async (signal) => {
        const { body } = await cluster.send(
          apis.DescribeCluster,
          { includeClusterAuthorizedOperations: false },
          { node: 'any', purpose: 'admin', signal },
        )
        return body
      })
      const nodes = answer.brokers.map(({ brokerId, host, port, rack }) => ({ id: brokerId, host, port, rack })).sort((a, b) => a.id - b.id)
      return { clusterId: answer.clusterId, controller: answer.controllerId, nodes }
    },

    async features(options = {}) {
      const answer = await askAny(
        cluster,
        'describing the features of the cluster',
        limitsOf('cluster.features()', options),
        async (signal) => {
          const { body } = await cluster.send(apis.ApiVersions, SOFTWARE, { node: 'any', purpose: 'admin', signal })
          return body
        },
      )
      const names = [...new Set([...answer.supportedFeatures, ...answer.finalizedFeatures].map(({ name }) => name))].sort()
      return names.map((name) => {
        const supported = answer.supportedFeatures.find((it) => it.name === name)
        return {
          name,
          supported: supported && ([supported.minVersion, supported.maxVersion] as const),
          finalized: answer.finalizedFeatures.find((it) => it.name === name)?.maxVersionLevel,
        }
      })
    },

    async quorum(options = {}) {
      const what = 'describing the quorum of the cluster'
      const { partition } = await askAny(cluster, what, limitsOf('cluster.quorum()', options), async (signal) => {
        const request = { topics: [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }] }
        const { body } = await cluster.send(apis.DescribeQuorum, request, { node: 'any', purpose: 'admin', signal })
        const found = body.topics[0]?.partitions[0]
        if (found === undefined && body.errorCode === 0) throw new TidemarkError('PROTOCOL_ERROR', 'the answer to DescribeQuorum is empty')
        return { errorCode: body.errorCode || (found?.errorCode ?? 0), errorMessage: body.errorMessage, partition: found }
      })
      const replica = (it: { replicaId: number; logEndOffset: number; lastCaughtUpTimestamp: number }): QuorumReplica => ({
        id: it.replicaId,
        logEndOffset: it.logEndOffset,
        lastCaughtUpMs: it.lastCaughtUpTimestamp,
      })
      const { leaderId, leaderEpoch, highWatermark, currentVoters, observers } = partition!
      return { leader: leaderId, leaderEpoch, highWatermark, voters: currentVoters.map(replica), observers: observers.map(replica) }
    },

    async logDirs(options = {}) {
      const limits = limitsOf('cluster.logDirs()', options)
      const what = 'describing the log directories'
      return retrying(cluster, { what, retries: mayPass, ...limits }, async (signal) => {
        await cluster.refresh([], signal)
        const perNode = await Promise.all(
          cluster.nodes().map(async ({ nodeId }) => {
            const { body } = await cluster.send(apis.DescribeLogDirs, { topics: null }, { node: nodeId, purpose: 'admin', signal })
            if (body.errorCode !== 0) throw refusal(what, body.errorCode)
            return body.results.map((dir) => ({
              node: nodeId,
              path: dir.logDir,
              totalBytes: dir.totalBytes,
              usableBytes: dir.usableBytes,
              partitions: dir.topics.flatMap(({ name: topic, partitions }) =>
                partitions.map(({ partitionIndex: partition, partitionSize: bytes, offsetLag: lag }) => ({ topic, partition, bytes, lag })),
              ),
            }))
          }),
        )
        return perNode.flat()
      })
    },

    async producers(topic, partition, options = {}) {
      const name = nameOf(topic)
      const what = `describing the producers of ${name}-${partition}`
      return retrying(cluster, { what, retries: mayPass, ...limitsOf('cluster.producers()', options) }, async (signal) => {
        const view = (await cluster.topics([name], { signal })).get(name)!
        const node = view.partitions.find((it) => it.partition === partition)?.leader ?? 'any'
        const { body } = await cluster.send(
          apis.DescribeProducers,
          { topics: [{ name, partitionIndexes: [partition] }] },
          { node, purpose: 'admin', signal },
        )
        const found = body.topics[0]?.partitions[0]
        if (found === undefined) throw new TidemarkError('PROTOCOL_ERROR', 'the answer to DescribeProducers is empty')
        if (found.errorCode !== 0) throw refusal(what, found.errorCode, found.errorMessage, { topic: name, partition })
        return found.activeProducers.map((it) => ({
          producerId: it.producerId,
          producerEpoch: it.producerEpoch,
          lastSequence: it.lastSequence,
          lastTimestampMs: it.lastTimestamp,
          transactionStart: it.currentTxnStartOffset,
        }))
      })
    },
  }
}
