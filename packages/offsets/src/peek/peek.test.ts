import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Broker, startBroker } from '../../../broker/src/index.ts'
import { createSchemaRegistry } from '../registry/schema-registry.ts'
import { startRegistry, withId } from '../testing/registry.ts'
import { type PeekOptions, peek } from './peek.ts'

let broker: Broker
let kafka: Kafka

beforeAll(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers })
  const { topics, groups } = createAdmin(kafka)
  for (const topic of ['t', 'u']) await topics.create(topic, { partitions: 2 })
  await using producer = createProducer(kafka)
  for (let i = 0; i < 10; i++) await producer.send('t', { key: 'k', value: `${i}`, partition: 0, headers: [{ key: 'h', value: 'x' }] })
  await groups.setOffsets('g', [
    { topic: 't', partition: 0, offset: 4 },
    { topic: 't', partition: 1, offset: 0 },
    { topic: 'u', partition: 0, offset: 0 },
  ])
  await groups.setOffsets('end', [{ topic: 't', partition: 0, offset: 10 }])
  await groups.setOffsets('beyond', [{ topic: 't', partition: 0, offset: 99 }])
})

afterAll(async () => {
  await kafka.close()
  await broker.close()
})

const brief = async (group: string, options: PeekOptions = {}) =>
  (await peek(kafka, group, options)).map(({ topic, partition, value, place }) => `${topic}-${partition} ${value} ${place}`)

describe('peek', () => {
  it('shows the next record, and those around it', async () => {
    expect(await brief('g')).toEqual(['t-0 4 at'])
    expect(await brief('g', { before: 2, after: 1 })).toEqual(['t-0 2 before', 't-0 3 before', 't-0 4 at', 't-0 5 after'])
    expect(await brief('g', { before: 100, after: 100 })).toHaveLength(10)
    const [record] = await peek(kafka, 'g')
    expect(record).toMatchObject({ offset: 4, key: Buffer.from('k') })
    expect(record!.headers.map(({ key, value }) => [key, String(value)])).toEqual([['h', 'x']])
  })

  it('of a group that has read everything shows what it read last', async () => {
    expect(await brief('end', { before: 1, after: 1 })).toEqual(['t-0 9 before'])
    expect(await brief('beyond', { before: 1, after: 1 })).toEqual(['t-0 9 before'])
  })

  it('of a topic or partition alone', async () => {
    expect(await brief('g', { topic: 'u', before: 1 })).toEqual([])
    expect(await brief('g', { topic: 't', partition: 0 })).toEqual(['t-0 4 at'])
  })

  it('with what a schema registry makes of each', async () => {
    await using server = await startRegistry()
    const id = server.add({ schema: '"string"' })
    await createAdmin(kafka).topics.create('coded', { partitions: 1 })
    await using producer = createProducer(kafka)
    await producer.send('coded', [
      { key: withId(id, [2, 0x6b]), value: withId(id, [2, 0x76]) },
      { value: withId(id, [20]) },
      { value: null },
    ])
    await createAdmin(kafka).groups.setOffsets('readers', [{ topic: 'coded', partition: 0, offset: 0 }])
    const registry = createSchemaRegistry({ url: server.url })
    const records = await peek(kafka, 'readers', { after: 2, registry })
    expect(records.map(({ decoded }) => decoded)).toMatchObject([
      { key: { data: 'k' }, value: { kind: 'decoded', schemaId: id, schemaType: 'AVRO', data: 'v' } },
      { value: { kind: 'undecoded', schemaId: id } },
      {},
    ])
    expect(records[0]!.value).toEqual(withId(id, [2, 0x76]))
    expect(await peek(kafka, 'readers')).not.toHaveProperty('0.decoded')
  })

  it.each([
    ['g', { topic: 'v' }, 'NOTHING_TO_DO'],
    ['g', { topic: 't', partition: 7 }, 'NOTHING_TO_DO'],
    ['nobody', {}, 'UNKNOWN_GROUP'],
    ['g', { behind: 1 }, 'INVALID_OPTION'],
    ['g', { before: -1 }, 'INVALID_OPTION'],
    ['g', { partition: -1 }, 'INVALID_ARGUMENT'],
    ['g', { registry: 'http://r' }, 'INVALID_ARGUMENT'],
  ])('of %s with %o is refused: %s', async (group, options, code) => {
    await expect(peek(kafka, group, options as never)).rejects.toMatchObject({ code })
  })
})
