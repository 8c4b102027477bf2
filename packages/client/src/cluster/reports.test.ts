/** Nothing is silent: what fails and is tried again is reported, from the second attempt on. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it } from 'vitest'
import { createAdmin } from '../admin/admin.ts'
import { Diagnostics, type Report } from '../diagnostics.ts'
import { Fetcher } from '../fetch/fetcher.ts'
import { createKafka, handleOf } from '../kafka.ts'
import { createProducer } from '../produce/producer.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'

const reports: Report[] = []
const listener = (report: unknown): void => void reports.push(report as Report)

function start(nodes = 1) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const lines: string[] = []
  const logger = { debug() {}, info() {}, warn: (text: string) => void lines.push(text), error() {} }
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, logger })
  subscribe('tidemark:client', listener)
  return { world, cluster, kafka, lines }
}

/** Metadata names a node whose address nobody can reach. */
function advertise(cluster: FakeCluster, host: string): void {
  cluster.on('Metadata', async (_call, next) => {
    const reply = await next()
    return { ...reply, brokers: [{ nodeId: 1, host, port: 9092, rack: null }] }
  })
  cluster.on('FindCoordinator', ({ body }) => ({
    coordinators: body.coordinatorKeys.map((key: string) => ({ key, nodeId: 1, host, port: 9092, errorCode: 0, errorMessage: null })),
  }))
}

afterEach(() => {
  unsubscribe('tidemark:client', listener)
  reports.length = 0
})

describe('a report', () => {
  it('of brokers that cannot be reached, while a message waits to be sent', async () => {
    const { world, kafka, lines } = start()
    const connect = world.connect.bind(world)
    world.connect = (address) => connect({ ...address, port: 1 }, 1)
    const sent = createProducer(kafka, { maxBlockMs: 4_000 }).send('t', { value: 'a' })
    sent.catch(() => {})
    await world.run(4_000)
    expect(reports.length).toBeGreaterThan(0)
    expect(new Set(reports.map((report) => report.error)).size).toBe(reports.length) // each error once, though several callers retry
    expect(reports[0]).toMatchObject({ level: 'warn', error: { code: 'UNREACHABLE' } })
    expect(lines[0]).toMatch(/^tidemark: looking up the cluster failed 2 times and is tried again: no broker can be reached: node1:/)
  })

  it.each(['producer', 'fetcher', 'coordinator'])(
    'names the node and the host of an advertised name that does not resolve: %s',
    async (who) => {
      const { world, cluster, kafka, lines } = start()
      cluster.create('t')
      advertise(cluster, 'kafka-0.internal')
      if (who === 'producer')
        createProducer(kafka)
          .send('t', { value: 'a' })
          .catch(() => {})
      else if (who === 'coordinator')
        createAdmin(kafka)
          .groups.offsets('g')
          .catch(() => {})
      else {
        const owner = { onRecords() {}, onProblem() {} }
        new Fetcher(handleOf(kafka).cluster, owner).add({ topic: 't', partition: 0 }, { offset: 0 }, 'c')
      }
      await world.run(3_000)
      const told = lines.find((line) => line.includes('kafka-0.internal:9092'))
      expect(told).toMatch(/cannot reach (node 1|the coordinator) at kafka-0\.internal:9092/)
      await kafka.close()
    },
  )

  it('of a topic that is waited for', async () => {
    const { world, kafka, lines } = start()
    const owner = { onRecords() {}, onProblem() {} }
    new Fetcher(handleOf(kafka).cluster, owner).add({ topic: 'misspelt', partition: 0 }, { offset: 0 }, 'c')
    await world.run(3_000)
    expect(lines[0]).toBe(
      "tidemark: looking up 'misspelt' failed 2 times and is tried again: topic 'misspelt' does not exist; check the name, or create it first",
    )
    await kafka.close()
  })

  it('is not made of what heals at once: a leader that moved, a connection that broke', async () => {
    const { world, cluster, kafka } = start(2)
    cluster.create('t')
    const producer = createProducer(kafka)
    await world.settle(producer.send('t', { value: 'a' }))
    cluster.moveLeader('t', 0, 2)
    await world.settle(producer.send('t', { value: 'b' }))
    cluster.disconnectAll()
    await world.settle(producer.send('t', { value: 'c' }))
    expect(reports).toEqual([])
  })
})

it('without a logger a cause is one line on stderr a minute, and says how many were left out', async () => {
  const world = new World()
  const written: string[] = []
  const diagnostics = new Diagnostics(world, undefined, (line) => void written.push(line))
  const report = (cause: string) => diagnostics.report('tidemark:client', { level: 'warn', cause, text: `${cause}\n happened` })
  for (const cause of ['a', 'a', 'b', 'a']) report(cause)
  expect(written).toEqual(['tidemark: a happened\n', 'tidemark: b happened\n'])
  await world.run(60_000)
  report('a')
  expect(written.at(-1)).toBe('tidemark: a happened (2 more since the last line)\n')
})
