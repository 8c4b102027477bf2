import { createKafka } from '@tidemark/client'
import { encodeAssignment } from '@tidemark/client/internal'
import { expect, it } from 'vitest'
import { FakeCluster } from '../../../client/src/testing/cluster.case.ts'
import { World } from '../../../client/src/testing/world.case.ts'
import { groupPositions } from './group-positions.ts'

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
    committed: 4,
    start: 1,
    end: 9,
    lag: 5,
    metadata: '',
    owner: null,
    error: null,
  })
})

it('counts lag from the start of the log where what is committed is gone, and never below 0', async () => {
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
  expect(positions.map((p) => p.lag)).toEqual([10, 0, 10])
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
