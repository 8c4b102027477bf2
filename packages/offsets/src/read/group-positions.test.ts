import { createKafka, type Offset } from '@tidemark/client'
import { encodeAssignment, writeCompletionMap } from '@tidemark/client/internal'
import { ErrorCode, uuidToText, ZERO_UUID } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { FakeCluster } from '../../../client/src/testing/cluster.case.ts'
import { World } from '../../../client/src/testing/world.case.ts'
import { groupPositions } from './group-positions.ts'
import { positionOf } from './position.ts'

type Row = [topic: string, partition: number, offset: number]

function start(committed: Row[], assigned: { topic: string; partition: number }[] = []) {
  const world = new World()
  const cluster = new FakeCluster(world)
  const member = { memberId: 'm', groupInstanceId: null, clientId: 'c', clientHost: '/h', memberMetadata: Buffer.alloc(0) }
  const members = assigned.length === 0 ? [] : [{ ...member, memberAssignment: encodeAssignment(assigned) }]
  const group = { errorCode: 0, groupId: 'g', groupState: 'Stable', protocolType: 'consumer', protocolData: 'range', members }
  cluster.on('DescribeGroups', () => ({ groups: [group] }))
  const topics = committed.map(([name, partitionIndex, committedOffset]) => ({
    name,
    partitions: [{ partitionIndex, committedOffset, committedLeaderEpoch: 0, metadata: '', errorCode: 0 }],
  }))
  cluster.on('OffsetFetch', () => ({ groups: [{ groupId: 'g', errorCode: 0, topics }] }))
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform })
  return { world, cluster, kafka }
}

it('has a row for each partition with a commit or an owner, by topic and number', async () => {
  const { world, cluster, kafka } = start(
    [
      ['b', 10, 3],
      ['b', 2, 4],
      ['a-1', 0, 1],
    ],
    [{ topic: 'a', partition: 0 }],
  )
  for (const topic of ['a', 'a-1', 'b']) cluster.create(topic, 11)
  Object.assign(cluster.partition('b', 2), { start: 1, end: 9 })
  const { state, members, positions } = await world.settle(groupPositions(kafka, 'g'))
  expect([state, members.length]).toEqual(['Stable', 1])
  expect(positions.map((p) => `${p.topic} ${p.partition}`)).toEqual(['a 0', 'a-1 0', 'b 2', 'b 10'])
  expect(positions[0]).toMatchObject({ committed: null, owner: { memberId: 'm', host: '/h' }, error: null })
  expect(positions[2]).toEqual({
    topic: 'b',
    partition: 2,
    topicId: uuidToText(cluster.topics.get('b')!.id),
    committed: 4,
    leaderEpoch: 0,
    metadata: '',
    start: 1,
    stable: 9,
    end: 9,
    lag: 5,
    doneAbove: 0,
    open: 5,
    reason: null,
    owner: null,
    error: null,
  })
})

it('lag counts what is still in the log, never below 0, and says why where it is special', async () => {
  const { world, cluster, kafka } = start(
    [
      ['t', 0, 3],
      ['t', 1, 99],
    ],
    [{ topic: 't', partition: 2 }],
  )
  cluster.create('t', 3)
  for (const p of [0, 1, 2]) Object.assign(cluster.partition('t', p), { start: 50, end: 60 })
  const { positions } = await world.settle(groupPositions(kafka, 'g'))
  expect(positions.map((p) => [p.lag, p.open, p.reason])).toEqual([
    [10, 10, 'below-start'],
    [0, 0, 'beyond-end'],
    [null, null, 'nothing-committed'],
  ])
})

describe('records that are done above the committed offset', () => {
  const UUID = 'AAAAAAAAAAAAAAAAAAAAAQ'
  const map = (topicId: string, base = 10): string =>
    writeCompletionMap({ topicId, base, top: 20, open: [10, 15], leaderEpoch: 0, notes: [], holder: undefined }, 4096)
  const committed = (offset: number, metadata: string) => ({ topic: 't', partition: 0, offset: offset as Offset, leaderEpoch: 0, metadata })
  const bounds = { topicId: UUID, start: 0, stable: 30, end: 30, error: null }
  const place = { topic: 't', partition: 0 }

  it('are counted, and not open', () => {
    expect(positionOf(place, committed(10, map(UUID)), bounds, null)).toMatchObject({ lag: 20, doneAbove: 8, open: 12 })
  })

  it.each([
    ['of another offset', committed(9, map(UUID))],
    ['of another topic of the same name', committed(10, map('AAAAAAAAAAAAAAAAAAAAAg'))],
    ["of another program's making", committed(10, 'done: 11-14')],
  ])('are not believed in metadata %s, which is kept as it is', (_, offset) => {
    const { doneAbove, metadata } = positionOf(place, offset, bounds, null)
    expect([doneAbove, metadata]).toEqual([0, offset.metadata])
  })

  it('count only where there is a log', () => {
    expect(positionOf(place, committed(10, map(UUID)), { ...bounds, end: 13 }, null)).toMatchObject({ lag: 3, doneAbove: 2, open: 1 })
    expect(positionOf(place, committed(10, map(UUID)), { ...bounds, start: 18 }, null)).toMatchObject({ lag: 12, doneAbove: 2, open: 10 })
    expect(positionOf(place, committed(10, map(UUID)), { ...bounds, end: 5 }, null)).toMatchObject({ lag: 0, doneAbove: 0, open: 0 })
  })
})

it('Dead is not believed of a group that its coordinator lists', async () => {
  const { world, cluster, kafka } = start([['t', 0, 1]])
  cluster.create('t', 1)
  cluster.on('DescribeGroups', () => ({
    groups: [{ errorCode: 0, groupId: 'g', groupState: 'Dead', protocolType: '', protocolData: '', members: [] }],
  }))
  cluster.on('ListGroups', () => ({
    errorCode: 0,
    groups: [{ groupId: 'g', protocolType: 'share', groupState: 'Stable', groupType: 'Share' }],
  }))
  const member = { memberId: 'm', memberEpoch: 1, clientId: 'c', clientHost: '/h', subscribedTopicNames: ['t'] }
  const assignment = { topicPartitions: [{ topicId: ZERO_UUID, topicName: 't', partitions: [0] }] }
  const described = { errorCode: 0, errorMessage: null, groupId: 'g', groupState: 'Stable', groupEpoch: 1, assignmentEpoch: 1 }
  cluster.on('ShareGroupDescribe', () => ({
    groups: [{ ...described, assignorName: 'simple', members: [{ ...member, rackId: null, assignment }], authorizedOperations: 0 }],
  }))
  const partition = { partitionIndex: 0, startOffset: 2, leaderEpoch: 0, lag: 3, errorCode: 0, errorMessage: null }
  cluster.on('DescribeShareGroupOffsets', () => ({
    groups: [{ groupId: 'g', errorCode: 0, errorMessage: null, topics: [{ topicName: 't', topicId: ZERO_UUID, partitions: [partition] }] }],
  }))
  cluster.partition('t').end = 10
  const found = await world.settle(groupPositions(kafka, 'g'))
  expect(found).toMatchObject({ group: 'g', kind: 'share', state: 'Stable', protocol: 'simple' })
  // Of 8 records above the start 5 are acknowledged out of order.
  expect(found.positions).toMatchObject([
    { topic: 't', partition: 0, committed: 2, lag: 8, doneAbove: 5, open: 3, owner: { memberId: 'm' } },
  ])
  cluster.on('ListGroups', () => ({ errorCode: 0, groups: [] }))
  expect(await world.fails(groupPositions(kafka, 'g'))).toMatchObject({ code: 'UNKNOWN_GROUP' })
})

it('a group that moved meanwhile is described by its new coordinator', async () => {
  const { world, cluster, kafka } = start([['t', 0, 1]])
  cluster.create('t', 1)
  cluster.once('DescribeGroups', () => ({
    groups: [{ errorCode: ErrorCode.NOT_COORDINATOR, groupId: 'g', groupState: '', protocolType: '', protocolData: '', members: [] }],
  }))
  expect((await world.settle(groupPositions(kafka, 'g'))).state).toBe('Stable')
  expect(cluster.callsOf('FindCoordinator')).toHaveLength(2)
})

it('what is committed is read before the ends of the logs', async () => {
  const { world, cluster, kafka } = start([['t', 0, 1]])
  cluster.create('t', 1)
  await world.settle(groupPositions(kafka, 'g'))
  const apis = cluster.calls.map((call) => call.api).filter((api) => api === 'OffsetFetch' || api === 'ListOffsets')
  expect(apis).toEqual(['OffsetFetch', 'ListOffsets', 'ListOffsets', 'ListOffsets'])
})

it('a deleted topic, or a partition that does not exist, fails its own rows alone, within a second', async () => {
  const { world, cluster, kafka } = start([
    ['gone', 0, 3],
    ['gone', 1, 3],
    ['t', 0, 1],
    ['t', 7, 1],
  ])
  Object.assign(cluster.create('t', 1).partitions[0]!, { end: 5 })
  const { positions } = await world.settle(groupPositions(kafka, 'g'))
  expect(world.monotonic()).toBeLessThan(1_000)
  expect(positions.map((p) => [p.topic, p.partition, p.committed, p.lag, p.error?.code])).toEqual([
    ['gone', 0, 3, null, 'UNKNOWN_TOPIC'],
    ['gone', 1, 3, null, 'UNKNOWN_TOPIC'],
    ['t', 0, 1, 4, undefined],
    ['t', 7, 1, null, 'UNKNOWN_PARTITION'],
  ])
})

it('refuses options that it does not have, and ends within its limits', async () => {
  const { world, cluster, kafka } = start([['t', 0, 1]])
  for (const options of [{ timeout: 1 }, { timeoutMs: 0 }, null]) {
    expect(await world.fails(groupPositions(kafka, 'g', options as never))).toMatchObject({ code: 'INVALID_OPTION' })
  }
  expect(await world.fails(groupPositions(kafka, ''))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  cluster.on('OffsetFetch', () => 'silent')
  expect(await world.fails(groupPositions(kafka, 'g', { timeoutMs: 500 }))).toMatchObject({ code: 'TIMED_OUT' })
  expect(world.monotonic()).toBeLessThanOrEqual(510)
})
