import { createKafka } from '@tidemark/client'
import { ErrorCode } from '@tidemark/protocol'
import { expect, it } from 'vitest'
import { FakeCluster } from '../../../client/src/testing/cluster.case.ts'
import { World } from '../../../client/src/testing/world.case.ts'
import { readListed } from './group-positions.ts'
import { listGroups } from './list-groups.ts'

function start(nodes = 1) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  return { world, cluster, kafka: createKafka({ brokers: cluster.brokers, platform: world.platform }) }
}

const listed = (groupId: string, groupType: string, groupState = 'Empty') => ({ groupId, groupType, groupState, protocolType: 'consumer' })

it('lists every kind of group, of all brokers, by name', async () => {
  const { world, cluster, kafka } = start(2)
  const groups: Record<number, object[]> = {
    1: [listed('d', 'Share'), listed('a', 'Classic', 'Stable'), listed('e', 'Streams')],
    2: [listed('b', 'Consumer'), listed('c', ''), listed('f', 'Quorum')],
  }
  cluster.on('ListGroups', ({ node }) => ({ errorCode: 0, groups: groups[node] }))
  const all = await world.settle(listGroups(kafka))
  expect(all.map((it) => `${it.group} ${it.kind} ${it.coordinator}`)).toEqual([
    'a classic 1',
    'b consumer 2',
    'c classic 2',
    'd share 1',
    'e streams 1',
    'f unknown 2',
  ])
  expect(all[0]).toEqual({ group: 'a', kind: 'classic', state: 'Stable', protocolType: 'consumer', coordinator: 1 })
})

it('tries again while a broker loads its groups, and says what it refuses', async () => {
  const { world, cluster, kafka } = start()
  cluster.once('ListGroups', () => ({ errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, groups: [] }))
  expect(await world.settle(listGroups(kafka))).toEqual([])
  cluster.on('ListGroups', () => ({ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, groups: [] }))
  expect(await world.fails(listGroups(kafka))).toMatchObject({ code: 'CLUSTER_AUTHORIZATION_FAILED' })
  expect(await world.fails(listGroups(kafka, { timeout: 1 } as never))).toMatchObject({ code: 'INVALID_OPTION' })
})

it('1,000 groups of 10 partitions take some dozen requests, and each end of a log is read once', async () => {
  const { world, cluster, kafka } = start(3)
  cluster.create('t', 10)
  for (let p = 0; p < 10; p++) Object.assign(cluster.partition('t', p), { end: 100 })
  const names = Array.from({ length: 1_000 }, (_, i) => `g${String(i).padStart(4, '0')}`)
  const ofNode = (node: number) => names.filter((_, i) => (i % 3) + 1 === node)
  cluster.on('ListGroups', ({ node }) => ({ errorCode: 0, groups: ofNode(node).map((name) => listed(name, 'Classic')) }))
  cluster.on('DescribeGroups', ({ body }) => ({
    groups: body.groups.map((groupId: string) => ({
      errorCode: 0,
      groupId,
      groupState: 'Empty',
      protocolType: 'consumer',
      protocolData: '',
      members: [],
    })),
  }))
  const partitions = Array.from({ length: 10 }, (_, partitionIndex) => ({
    partitionIndex,
    committedOffset: 40,
    committedLeaderEpoch: 0,
    metadata: '',
    errorCode: 0,
  }))
  cluster.on('OffsetFetch', ({ body }) => ({
    groups: body.groups.map(({ groupId }: { groupId: string }) => ({ groupId, errorCode: 0, topics: [{ name: 't', partitions }] })),
  }))
  const readings = await world.settle(listGroups(kafka).then((groups) => readListed(kafka, groups, () => ({}))))
  expect(readings.map((it) => it.group)).toEqual(names)
  expect(readings.every((it) => it.positions.length === 10 && it.positions.every((p) => p.lag === 60))).toBe(true)
  const counts = Object.fromEntries(
    (['ListGroups', 'DescribeGroups', 'OffsetFetch', 'ListOffsets', 'FindCoordinator'] as const).map((api) => [
      api,
      cluster.callsOf(api).length,
    ]),
  )
  expect(counts).toEqual({ ListGroups: 3, DescribeGroups: 12, OffsetFetch: 12, ListOffsets: 9, FindCoordinator: 0 })
})

it('a group that cannot be read does not take the others away', async () => {
  const { world, cluster, kafka } = start()
  cluster.create('t', 1)
  cluster.on('ListGroups', () => ({ errorCode: 0, groups: [listed('a', 'Classic'), listed('b', 'Classic')] }))
  const described = { errorCode: 0, groupState: 'Empty', protocolType: 'consumer', protocolData: '', members: [] }
  cluster.on('DescribeGroups', ({ body }) => ({ groups: body.groups.map((groupId: string) => ({ ...described, groupId })) }))
  cluster.on('OffsetFetch', ({ body }) => ({
    groups: body.groups.map(({ groupId }: { groupId: string }) => ({
      groupId,
      errorCode: groupId === 'a' ? ErrorCode.GROUP_AUTHORIZATION_FAILED : 0,
      topics: [],
    })),
  }))
  const [a, b] = await world.settle(listGroups(kafka).then((groups) => readListed(kafka, groups, () => ({}))))
  expect(a!.error).toMatchObject({ code: 'GROUP_AUTHORIZATION_FAILED' })
  expect(b!.error).toBeNull()
})

it('a broker that takes one group a request is asked so', async () => {
  const { world, cluster, kafka } = start()
  cluster.versionsMax.set(9, 7)
  cluster.on('ListGroups', () => ({ errorCode: 0, groups: [listed('a', 'Classic'), listed('b', 'Classic')] }))
  const described = { errorCode: 0, groupState: 'Empty', protocolType: 'consumer', protocolData: '', members: [] }
  cluster.on('DescribeGroups', ({ body }) => ({ groups: body.groups.map((groupId: string) => ({ ...described, groupId })) }))
  cluster.on('OffsetFetch', () => ({ errorCode: 0, topics: [] }))
  const readings = await world.settle(listGroups(kafka).then((groups) => readListed(kafka, groups, () => ({}))))
  expect(readings.map((it) => it.error)).toEqual([null, null])
  expect(cluster.callsOf('OffsetFetch').map((call) => call.body.groupId)).toEqual(['a', 'b'])
})
