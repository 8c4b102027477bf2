import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, type ReceivedMessage, read } from '@tidemark/client'
import { expect, it, onTestFinished } from 'vitest'
import { testWorld } from '../testing/world.case.ts'
import { comparedNothing } from './compare.ts'
import { copyTopic } from './copy-topic.ts'
import { graduate } from './graduate.ts'
import { planGraduation } from './plan-graduation.ts'
import { Superseded } from './superseded.ts'

const recordOf = (key: string | null, value: string | null = 'v') =>
  ({ key: key === null ? null : Buffer.from(key), value: value === null ? null : Buffer.from(value) }) as ReceivedMessage

it('a record may be missing if a later one has its key, a tombstone also without', () => {
  const superseded = new Superseded({ 'cleanup.policy': 'compact,delete' })
  expect([superseded.mayLack(recordOf('a'), 3), superseded.mayLack(recordOf('b'), 4), superseded.lost]).toEqual([true, true, 3])
  superseded.has(recordOf('a'))
  expect(superseded.lost).toBe(4)
  expect([superseded.mayLack(recordOf('b', null), 5), superseded.lost]).toEqual([true, undefined])
  expect(superseded.mayLack(recordOf(null), 6)).toBe(false)
  expect(new Superseded({ 'cleanup.policy': 'delete' }).mayLack(recordOf('a'), 0)).toBe(false)
  expect(new Superseded({}).mayLack(recordOf('a'), 0)).toBe(false)
})

it('a copy that was compacted meanwhile is completed, and another compacted topic is refused', async () => {
  await using source = await testWorld({ isOurs: true })
  const broker = await startBroker({ data: ':memory:', compactionIntervalMs: 20 })
  onTestFinished(() => broker.close())
  await using to = createKafka({ brokers: broker.brokers })
  const configs = { 'cleanup.policy': 'compact', 'segment.bytes': '2000', 'min.cleanable.dirty.ratio': '0.01' }
  await source.admin.topics.create('latest', { configs })
  await using producer = createProducer(source.kafka)
  // Large enough for many batches.
  for (let i = 0; i < 200; i++) await producer.send('latest', { key: `k${i % 7}`, value: i % 50 === 0 ? null : `v${i}`.padEnd(20_000) })
  await source.admin.groups.setOffsets('g', [{ topic: 'latest', partition: 0, offset: 130 }])

  // As an attempt leaves it that was killed after 120 records.
  const { topics } = await planGraduation(source.kafka, to)
  const after = await comparedNothing(source.kafka, topics[0]!, undefined)
  await copyTopic(source.kafka, to, { ...topics[0]!, ends: [120] }, { after, onRecords: () => {} })
  await expect.poll(async () => (await offsetsIn(to)).length).toBeLessThan(60)

  const plan = await planGraduation(source.kafka, to)
  expect(await graduate(source.kafka, to, plan, { store: source.store })).toMatchObject({ records: 200, copied: 80 })
  expect((await offsetsIn(to)).at(-1)).toBe(199)
  expect(await createAdmin(to).groups.offsets('g')).toMatchObject([{ offset: 130 }])

  await createAdmin(to).topics.delete('latest')
  await createAdmin(to).topics.create('latest', { configs })
  await using other = createProducer(to)
  await other.send('latest', { key: 'k0', value: 'v0' })
  const wrong = await planGraduation(source.kafka, to)
  await expect(graduate(source.kafka, to, wrong, { store: source.store })).rejects.toMatchObject({
    code: 'TOPIC_EXISTS',
    message: /latest-0 there differs from its source at offset 0/,
  })
})

async function offsetsIn(kafka: Kafka): Promise<number[]> {
  const offsets: number[] = []
  for await (const { offset } of read(kafka, 'latest', { to: 'end' })) offsets.push(offset)
  return offsets
}
