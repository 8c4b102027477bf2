/** Nodes in different racks: where replicas are, what clients are told of racks, and which replica they read from. */
import { apis } from '@tidemark/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startBroker } from './broker.ts'
import { clientOf, cluster } from './testing/nodes.case.ts'
import { fetchRequest, nameOf, produce } from './testing/requests.case.ts'

const RACKS = ['a', 'a', 'b', 'b']

async function create(client: Awaited<ReturnType<typeof clientOf>>, name: string, numPartitions: number, replicationFactor: number) {
  await client.call(apis.CreateTopics, 7, { topics: [{ name, numPartitions, replicationFactor, assignments: [], configs: [] }] })
  return replicasOf(client, name)
}

async function replicasOf(client: Awaited<ReturnType<typeof clientOf>>, name: string) {
  const { topics } = await client.call(apis.Metadata, 12, { topics: [{ name }] })
  return topics[0]!.partitions.toSorted((a, b) => a.partitionIndex - b.partitionIndex).map(({ replicaNodes }) => replicaNodes)
}

describe('racks', () => {
  test('Metadata and DescribeCluster name the rack of each node', async () => {
    const { of } = await cluster({ nodes: 3, racks: ['a', 'b', null] })
    const { brokers } = await of(2).call(apis.Metadata, 12, { topics: [] })
    expect(brokers.map(({ nodeId, rack }) => [nodeId, rack])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, null],
    ])
    const described = await of(3).call(apis.DescribeCluster, 1, { includeClusterAuthorizedOperations: false, endpointType: 1 })
    expect(described.brokers.map(({ rack }) => rack)).toEqual(['a', 'b', null])
  })

  test('the replicas of a partition are in as many racks as there are, leaders take turns, and so do new partitions', async () => {
    const { of } = await cluster({ nodes: 4, racks: RACKS })
    const two = await create(of(1), 'two', 4, 2)
    expect(two).toEqual([
      [1, 3],
      [3, 1],
      [2, 4],
      [4, 2],
    ])
    expect(await create(of(1), 'one', 4, 1)).toEqual([[1], [3], [2], [4]])
    for (const ids of await create(of(1), 'three', 4, 3)) expect(new Set(ids).size).toBe(3)
    await of(2).call(apis.CreatePartitions, 2, {
      topics: [{ name: 'two', count: 6, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    })
    expect(await replicasOf(of(1), 'two')).toEqual([...two, [1, 3], [3, 1]])
  })

  test('a group has the coordinator that it has once __consumer_offsets is made', async () => {
    const { of } = await cluster({ nodes: 4, racks: RACKS })
    const groups = Array.from({ length: 20 }, (_, i) => `group-${i}`)
    const coordinators = async (): Promise<number[]> => {
      const answer = await of(1).call(apis.FindCoordinator, 4, { keyType: 0, coordinatorKeys: groups })
      return answer.coordinators.map(({ nodeId }) => nodeId)
    }
    const before = await coordinators()
    await of(1).call(apis.Metadata, 12, { topics: [{ name: '__consumer_offsets' }] })
    expect(await coordinators()).toEqual(before)
    expect(new Set(before)).toEqual(new Set([1, 2, 3, 4]))
  })

  test.each([
    [{ nodes: 2, racks: ['a'] }, "option 'racks' has 1 racks; it must have one for each of the 2 nodes (option 'nodes')"],
    [{ nodes: 1, racks: ['a'], rack: 'b' }, "option 'racks' takes the place of 'rack'"],
    [{ nodes: 1, racks: [''] }, "option 'racks[0]' is"],
    [{ nodes: 1, racks: 'a' as never }, "option 'racks' is"],
    [{ replicaSelector: 'near' as never }, "option 'replicaSelector' is"],
  ])('%j is refused', async (options, text) => {
    await expect(startBroker({ data: ':memory:', ...options })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(text),
    })
  })
})

describe('a client of a rack (KIP-392)', () => {
  const RACK_AWARE = { nodes: 3, racks: ['a', 'b', 'b'], replicaSelector: 'rack-aware' } as const

  async function setUp(options: Parameters<typeof cluster>[0]) {
    const parts = await cluster(options)
    await create(parts.of(1), 't', 1, 3)
    await produce(parts.of(1), 't', {})
    const ask = async (
      node: number,
      { version = 12, rackId = 'b', session = { sessionId: 0, sessionEpoch: -1 }, ...wish }: Record<string, any> = {},
    ) => {
      const { responses, sessionId } = await parts.of(node).call(apis.Fetch, version, { ...fetchRequest('t', 0, wish), rackId, ...session })
      const partition = responses[0]?.partitions[0]
      if (partition === undefined) return { sessionId }
      const { errorCode, preferredReadReplica, records, highWatermark } = partition
      return { sessionId, error: nameOf(errorCode), preferredReadReplica, bytes: records?.length ?? 0, highWatermark }
    }
    return { ...parts, ask }
  }

  test('is sent by the leader to an in-sync replica of its rack, which answers', async () => {
    const { ask, broker } = await setUp(RACK_AWARE)
    expect(await ask(1)).toMatchObject({ error: 'NONE', preferredReadReplica: 3, bytes: 0, highWatermark: 1 })
    expect(await ask(3)).toMatchObject({ error: 'NONE', preferredReadReplica: -1, bytes: expect.toSatisfy((n: number) => n > 0) })
    await broker.stopNode(3)
    expect(await ask(1)).toMatchObject({ preferredReadReplica: 2 })
    await broker.stopNode(2)
    expect(await ask(1)).toMatchObject({ preferredReadReplica: -1, bytes: expect.toSatisfy((n: number) => n > 0) })
  })

  test('does not wait for records at the leader, and is told in a session too', async () => {
    const { ask } = await setUp(RACK_AWARE)
    const waits = { maxWaitMs: 60_000, minBytes: 1_000_000 }
    expect(await ask(1, waits)).toMatchObject({ preferredReadReplica: 3 })
    const first = await ask(1, { session: { sessionId: 0, sessionEpoch: 0 } })
    const again = await ask(1, { ...waits, session: { sessionId: first.sessionId, sessionEpoch: 1 } })
    expect(again).toMatchObject({ preferredReadReplica: 3, sessionId: first.sessionId })
  })

  test.each([
    ['of the rack of the leader', { rackId: 'a' }],
    ['of a rack without replicas', { rackId: 'c' }],
    ['that has none', { rackId: '' }],
    ['of a version that does not say it', { version: 10 }],
  ])('%s reads from the leader', async (_, wish) => {
    const { ask } = await setUp(RACK_AWARE)
    expect(await ask(1, wish)).toMatchObject({ error: 'NONE', preferredReadReplica: -1, bytes: expect.toSatisfy((n: number) => n > 0) })
  })

  test('a replica answers in the epoch that the client knows, no request before version 11, and nothing that it does not have', async () => {
    const { ask, of, broker } = await setUp(RACK_AWARE)
    const { topics } = await of(1).call(apis.Metadata, 12, { topics: [{ name: 't' }] })
    const { leaderEpoch: currentLeaderEpoch } = topics[0]!.partitions[0]!
    expect(await ask(3, { currentLeaderEpoch })).toMatchObject({ error: 'NONE' })
    const parked = ask(3, { currentLeaderEpoch, maxWaitMs: 60_000, minBytes: 1_000_000 })
    for (let i = 0; i < 3; i++) await replicasOf(of(1), 't') // it has arrived by then
    await broker.moveLeader('t', 0, 2)
    expect(await parked).toMatchObject({ error: 'FENCED_LEADER_EPOCH' })
    expect(await ask(3, { currentLeaderEpoch })).toMatchObject({ error: 'FENCED_LEADER_EPOCH' })
    expect(await ask(3, { version: 10 })).toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER' })
    const [[leader]] = (await create(of(1), 'alone', 1, 1)) as [[number]]
    const { responses } = await of((leader % 3) + 1).call(apis.Fetch, 12, fetchRequest('alone', 0))
    expect(nameOf(responses[0]!.partitions[0]!.errorCode)).toBe('NOT_LEADER_OR_FOLLOWER')
  })

  test("Kafka's default, and ours: the leader alone answers, and names nobody", async () => {
    const { ask } = await setUp({ nodes: 3, racks: ['a', 'b', 'b'] })
    expect(await ask(1)).toMatchObject({ error: 'NONE', preferredReadReplica: -1, bytes: expect.toSatisfy((n: number) => n > 0) })
    expect(await ask(3)).toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER' })
  })

  test('replica.selector.class is described', async () => {
    const of = async (replicaSelector: 'leader' | 'rack-aware') => {
      const broker = await startBroker({ data: ':memory:', replicaSelector })
      onTestFinished(() => broker.close())
      const { results } = await (await clientOf(broker, 1)).call(apis.DescribeConfigs, 4, {
        resources: [{ resourceType: 4, resourceName: '1', configurationKeys: ['replica.selector.class'] }],
      })
      return results[0]!.configs.map(({ value, readOnly }) => [value, readOnly])
    }
    expect(await of('leader')).toEqual([[null, true]])
    expect(await of('rack-aware')).toEqual([['org.apache.kafka.common.replica.RackAwareReplicaSelector', true]])
  })
})
