import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Broker, startBroker } from '../../../broker/src/index.ts'
import { createConsumer } from '../../../consumer/src/index.ts'
import { examine } from './examine.ts'

let broker: Broker
let kafka: Kafka

beforeAll(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers })
  const { topics } = createAdmin(kafka)
  await topics.create('t', { partitions: 2 })
  await using producer = createProducer(kafka)
  for (let i = 0; i < 20; i++) await producer.send('t', { value: `${i}`, partition: i % 2 })
})

afterAll(async () => {
  await kafka.close()
  await broker.close()
})

const set = (group: string, topic: string, ...offsets: number[]): Promise<void> =>
  createAdmin(kafka).groups.setOffsets(
    group,
    offsets.map((offset, partition) => ({ topic, partition, offset })),
  )

const rules = async (group: string) =>
  (await examine(kafka, { groups: [group] })).map(({ rule, topic, partition }) => [rule, topic, partition])

it('finds what is wrong with real groups', async () => {
  await set('sound', 't', 5, 10)
  expect(await rules('sound')).toEqual([])
  await set('beyond', 't', 99, 10)
  expect(await rules('beyond')).toEqual([['beyond-end', 't', 0]])
  await set('part', 't', 5)
  expect(await rules('part')).toEqual([['without-commit', 't', 1]])
  await set('old', 't', 1, 2)
  await createAdmin(kafka).topics.deleteRecords('t', { 0: 3, 1: 2 })
  expect(await rules('old')).toEqual([['below-start', 't', 0]])
})

it('a topic that no member subscribes to any more', async () => {
  await createAdmin(kafka).topics.create('other')
  await set('moved', 'other', 0)
  const stop = new AbortController()
  await using consumer = createConsumer(kafka, { group: 'moved' })
  let left = 2
  const began = Promise.withResolvers<void>()
  consumer.each('t', async () => {
    if (--left === 0) began.resolve()
  })
  const running = consumer.run({ signal: stop.signal })
  await began.promise
  expect(await rules('moved')).toContainEqual(['unsubscribed', 'other', null])
  stop.abort()
  await running
})

it('looks at all groups, and refuses what it does not have', async () => {
  expect(new Set((await examine(kafka)).map(({ group }) => group))).toContain('beyond')
  expect(await examine(kafka, { groups: [] })).toEqual([])
  await expect(examine(kafka, { groups: ['nobody'] })).rejects.toMatchObject({ code: 'UNKNOWN_GROUP' })
  for (const options of [{ group: 'g' }, { groups: 'g' }, { timeoutMs: 0 }]) {
    await expect(examine(kafka, options as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }
})
