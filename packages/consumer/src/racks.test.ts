/**
 * A consumer with a rack against a real broker: it reads from the replica that the leader names, and from the leader
 * when that one is refused or gone.
 */
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { decodeSubscription, handleOf } from '@tidemark/client/internal'
import { type Connection, nodePlatform, type Platform } from '@tidemark/platform'
import { apis } from '@tidemark/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { createConsumer } from './consumer.ts'

/** Where a frame has its API. */
const API_KEY_AT = 4

/** The ports that a Fetch was sent to, in order, each once in a row. */
function watched(): { readonly ports: number[]; readonly platform: Platform } {
  const ports: number[] = []
  const watch = (connection: Connection, port: number): Connection => {
    const write = connection.write.bind(connection)
    connection.write = (chunks, onTaken) => {
      const [first] = chunks
      if (Buffer.from(first!).readInt16BE(API_KEY_AT) === apis.Fetch.key && ports.at(-1) !== port) ports.push(port)
      return write(chunks, onTaken)
    }
    return connection
  }
  const { transport } = nodePlatform
  const connect: typeof transport.connect = async (address, ...others) => watch(await transport.connect(address, ...others), address.port)
  return { ports, platform: { ...nodePlatform, transport: { listen: transport.listen, connect } } }
}

test('reads from the near replica; when that one refuses it or is gone, from the leader; nothing is lost', {
  timeout: 30_000,
}, async () => {
  const broker = await startBroker({ data: ':memory:', nodes: 3, racks: ['a', 'b', 'b'], replicaSelector: 'rack-aware' })
  const { ports, platform } = watched()
  const kafka = createKafka({ brokers: broker.brokers, platform, retry: { delayMs: 5, delayMaxMs: 50 } })
  onTestFinished(async () => {
    await kafka.close()
    await broker.close()
  })
  const idOf = new Map(broker.nodes.map(({ id, listeners }) => [Number(Object.values(listeners)[0]!.split(':').at(-1)), id]))
  const fetched = (): (number | undefined)[] => ports.splice(0).map((port) => idOf.get(port))
  const admin = createAdmin(kafka)
  await admin.topics.create('t', { partitions: 1, replicationFactor: 3 })
  await admin.topics.create('other', { partitions: 1, replicationFactor: 3 })
  await using producer = createProducer(kafka)
  const values: string[] = []
  let came = () => {}
  const consumer = createConsumer(kafka, { group: 'g', rack: 'b', fetchWaitMaxMs: 50 }).each('t', {}, ({ value }) => {
    values.push(String(value))
    came()
  })
  const stop = new AbortController()
  const run = consumer.run({ signal: stop.signal })
  /** A record comes, and the nodes that were asked until then. */
  const next = async (value: string): Promise<(number | undefined)[]> => {
    const arrived = new Promise<void>((resolve) => {
      came = resolve
    })
    await producer.send('t', { value })
    await Promise.race([arrived, run])
    return fetched()
  }
  await next('first')
  await expect.poll(() => ports.map((port) => idOf.get(port)).at(-1)).toBe(3)
  fetched()
  expect(await next('near')).not.toContain(1)
  const { members } = await handleOf(kafka)
    .cluster.send(apis.DescribeGroups, { groups: ['g'] }, { node: (await admin.groups.describe('g')).coordinator, purpose: 'admin' })
    .then(({ body }) => body.groups[0]!)
  expect(decodeSubscription(members[0]!.memberMetadata).rack).toBe('b')
  // A new epoch: the replica fences what it is asked in the old one, and the leader names it again.
  await broker.moveLeader('other', 0, 2)
  await expect.poll(() => ports.map((port) => idOf.get(port)).join()).toMatch(/1,3$/)
  fetched()
  await broker.stopNode(3)
  await next('other replica')
  await expect.poll(() => ports.map((port) => idOf.get(port)).at(-1)).toBe(2)
  await broker.stopNode(2)
  expect((await next('leader')).at(-1)).toBe(1)
  stop.abort()
  await run
  expect(values).toEqual(['first', 'near', 'other replica', 'leader'])
})

test.each(['cooperative-sticky', 'range'] as const)(
  '%s gives partitions to members in the rack of a replica (KIP-881), and again when replicas move',
  { timeout: 30_000 },
  async (assignor) => {
    const broker = await startBroker({ data: ':memory:', nodes: 3, racks: ['a', 'b', 'c'] })
    const clientOf = (clientId: string): Kafka =>
      createKafka({ brokers: broker.brokers, clientId, metadataMaxAgeMs: 100, retry: { delayMs: 5, delayMaxMs: 50 } })
    const [kafka, b, c] = [clientOf('other'), clientOf('b'), clientOf('c')]
    onTestFinished(async () => {
      for (const it of [kafka, b, c]) await it.close()
      await broker.close()
    })
    const { cluster } = handleOf(kafka)
    const replicas = (...nodes: number[]) => nodes.map((node, partitionIndex) => ({ partitionIndex, brokerIds: [node] }))
    const topics = [{ name: 't', numPartitions: -1, replicationFactor: -1, assignments: replicas(3, 2, 2, 3), configs: [] }]
    await cluster.send(apis.CreateTopics, { topics, timeoutMs: 5_000, validateOnly: false }, { node: 'any', purpose: 'admin' })
    const stop = new AbortController()
    const runOf = (it: Kafka, rack: string): Promise<void> =>
      createConsumer(it, { group: 'g', rack, assignors: [assignor], heartbeatIntervalMs: 50 })
        .each('t', {}, () => {})
        .run({ signal: stop.signal })
    const runs = [runOf(b, 'b'), runOf(c, 'c')]
    const admin = createAdmin(kafka)
    const held = async (): Promise<Record<string, string>> => {
      const { members } = await admin.groups.describe('g')
      return Object.fromEntries(members.map(({ clientId, assignment }) => [clientId, assignment.map((p) => p.partition).join()]))
    }
    await expect.poll(held, { timeout: 10_000 }).toEqual({ b: '1,2', c: '0,3' })
    const partitions = [
      { partitionIndex: 0, replicas: [2] },
      { partitionIndex: 1, replicas: [3] },
    ]
    const body = { timeoutMs: 5_000, topics: [{ name: 't', partitions }] }
    await cluster.send(apis.AlterPartitionReassignments, body, { node: 'any', purpose: 'admin' })
    await expect.poll(held, { timeout: 10_000 }).toEqual({ b: '0,2', c: '1,3' })
    stop.abort()
    await Promise.all(runs)
  },
)
