/** Our producer and consumer against a cluster whose nodes stop and come back, and whose leaders move. */
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer } from '@tidemark/client'
import { expect, onTestFinished, test } from 'vitest'
import { createConsumer } from './consumer.ts'

const PARTITIONS = 6

test('nothing is lost and the order holds while every node stops once, and leaders move', { timeout: 60_000 }, async () => {
  const broker = await startBroker({ data: ':memory:', nodes: 3 })
  const kafka = createKafka({ brokers: broker.brokers, retry: { delayMs: 5, delayMaxMs: 50 } })
  onTestFinished(async () => {
    await kafka.close()
    await broker.close()
  })
  const admin = createAdmin(kafka)
  await admin.topics.create('t', { partitions: PARTITIONS, replicationFactor: 3 })
  const { partitions } = await admin.topics.describe('t')
  expect(partitions.map(({ leader, replicas }) => [leader, replicas.length])).toEqual([1, 2, 3, 1, 2, 3].map((id) => [id, 3]))
  await using producer = createProducer(kafka)
  const handled: number[][] = Array.from({ length: PARTITIONS }, () => [])
  const progress = { want: 0, done: () => {} }
  const seen = (): number => handled.reduce((sum, of) => sum + new Set(of).size, 0)
  const consumer = createConsumer(kafka, { group: 'g', sessionTimeoutMs: 5_000 }).each('t', {}, ({ partition, value }) => {
    handled[partition]!.push(Number(value))
    if (seen() >= progress.want) progress.done()
  })
  const stop = new AbortController()
  const run = consumer.run({ signal: stop.signal })
  let sent = 0
  /** A record into each partition, and all of them handled. */
  const round = async (act: () => Promise<void>): Promise<void> => {
    const all = new Promise<void>((resolve) => Object.assign(progress, { want: sent + 2 * PARTITIONS, done: resolve }))
    const send = () =>
      Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => producer.send('t', { partition, value: `${sent++}` })))
    const first = send()
    await act()
    await first
    await send()
    await Promise.race([all, run])
  }
  for (const { id } of broker.nodes) {
    await round(() => broker.stopNode(id))
    await round(() => broker.startNode(id))
    await round(() => broker.moveLeader('t', id, (id % 3) + 1))
  }
  stop.abort()
  await run
  // In each partition every value once, and in the order in which it was sent.
  for (const values of handled) expect(values).toEqual([...new Set(values)].sort((a, b) => a - b))
  expect(seen()).toBe(sent)
  const committed = await admin.groups.offsets('g')
  expect(committed.map(({ offset }) => offset)).toEqual(Array.from({ length: PARTITIONS }, () => sent / PARTITIONS))
})

test('configurations of one node are altered and described at that node, whichever one the client knows first', async () => {
  const broker = await startBroker({ data: ':memory:', nodes: 3 })
  const kafka = createKafka({ brokers: [broker.brokers[0]!] })
  onTestFinished(async () => {
    await kafka.close()
    await broker.close()
  })
  const { configs } = createAdmin(kafka)
  const shown = async (name: string) => (await configs.describe({ type: 'broker', name })).find((it) => it.name === 'message.max.bytes')
  await configs.alter({ type: 'broker', name: '' }, { 'message.max.bytes': '4000' })
  await configs.alter({ type: 'broker', name: '3' }, { 'message.max.bytes': '3000' })
  expect(await shown('3')).toMatchObject({ value: '3000', source: 'broker' })
  expect(await shown('2')).toMatchObject({ value: '4000', source: 'allBrokers' })
  await configs.alter({ type: 'broker', name: '3' }, { 'message.max.bytes': null })
  expect(await shown('3')).toMatchObject({ value: '4000', source: 'allBrokers' })
})
