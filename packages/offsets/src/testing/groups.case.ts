/** Groups on the cluster in memory: what each has committed can change between two samples. */
import { createKafka } from '@tidemark/client'
import { buildBatch, crc32c } from '@tidemark/protocol'
import { FakeCluster } from '../../../client/src/testing/cluster.case.ts'
import { World } from '../../../client/src/testing/world.case.ts'

/** By topic, an offset for each partition; null: nothing is committed there. */
export type Committed = Readonly<Record<string, readonly (number | null)[]>>

export function startGroups(groups: Record<string, Committed>, nodes = 1) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  cluster.on('ListGroups', ({ node }) => ({
    errorCode: 0,
    groups:
      node !== cluster.coordinator
        ? []
        : Object.keys(groups).map((groupId) => ({ groupId, groupType: 'Classic', groupState: 'Empty', protocolType: 'consumer' })),
  }))
  cluster.on('DescribeGroups', ({ body }) => ({
    groups: body.groups.map((groupId: string) => ({
      errorCode: 0,
      groupId,
      groupState: groupId in groups ? 'Empty' : 'Dead',
      protocolType: 'consumer',
      protocolData: '',
      members: [],
    })),
  }))
  cluster.on('OffsetFetch', ({ body }) => ({
    groups: body.groups.map(({ groupId }: { groupId: string }) => ({ groupId, errorCode: 0, topics: topicsOf(groups[groupId] ?? {}) })),
  }))
  cluster.on('DescribeConfigs', ({ body }) => ({
    results: body.resources.map(({ resourceName }: { resourceName: string }) => ({
      errorCode: 0,
      errorMessage: null,
      resourceType: 2,
      resourceName,
      configs: [],
    })),
  }))
  return { world, cluster, groups, kafka: createKafka({ brokers: cluster.brokers, platform: world.platform }) }
}

const topicsOf = (committed: Committed) =>
  Object.entries(committed).map(([name, offsets]) => ({
    name,
    partitions: offsets.flatMap((committedOffset, partitionIndex) =>
      committedOffset === null ? [] : [{ partitionIndex, committedOffset, committedLeaderEpoch: 0, metadata: '', errorCode: 0 }],
    ),
  }))

export const batch = (...timestamps: number[]): Buffer =>
  buildBatch(timestamps.map((timestampMs) => ({ key: null, value: Buffer.from('v'), timestampMs })))

/** The marker of a transaction. */
export function marker(timestampMs: number): Buffer {
  const bytes = Buffer.from(buildBatch([{ key: Buffer.from([0, 0, 0, 1]), value: Buffer.alloc(6), timestampMs }]))
  bytes.writeInt16BE(0x30, 21)
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17)
  return bytes
}
