/** What is left at a real broker when a reader has closed: no fetch session (KIP-227). */
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { apis } from '@tidemark/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { createConsumer } from './consumer.ts'

/** A broker that has room for one session, and whether that one is free; a session that this takes is given back. */
async function setUp() {
  const broker = await startBroker({ data: ':memory:', fetchSessionsMax: 1 })
  const [kafka, other] = [createKafka({ brokers: broker.brokers }), createKafka({ brokers: broker.brokers })]
  onTestFinished(async () => {
    await Promise.all([kafka.close(), other.close()])
    await broker.close()
  })
  await createAdmin(kafka).topics.create('t', { partitions: 1 })
  await using producer = createProducer(kafka)
  await producer.send('t', { value: 'a' })
  return { kafka, isFree: () => isFree(other) }
}

async function isFree(kafka: Kafka): Promise<boolean> {
  const { cluster } = handleOf(kafka)
  const topics = await cluster.topics(['t'])
  const topicId = topics.get('t')!.id
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 }]
  const fetch = async (sessionId: number, sessionEpoch: number) => {
    const body = { maxWaitMs: 0, minBytes: 0, maxBytes: 1, sessionId, sessionEpoch }
    const all = sessionEpoch === 0 ? [{ topic: 't', topicId, partitions }] : []
    return (await cluster.send(apis.Fetch, { ...body, topics: all }, { node: 1, purpose: 'fetch' })).body.sessionId
  }
  const id = await fetch(0, 0)
  if (id > 0) await fetch(id, -1)
  return id > 0
}

test('a consumer that closes ends the session that it had while it read', async () => {
  const { kafka, isFree } = await setUp()
  const handled = Promise.withResolvers<void>()
  const consumer = createConsumer(kafka, { group: 'g', fetchWaitMaxMs: 10_000 }).each('t', {}, () => handled.resolve())
  const run = consumer.run()
  await handled.promise
  // The session is there once the next Fetch is parked.
  await expect.poll(isFree).toBe(false)
  await consumer.close()
  expect(await isFree()).toBe(true)
  await run
})
