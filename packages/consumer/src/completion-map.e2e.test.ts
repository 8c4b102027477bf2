/**
 * What is done above the committed offset, across members and real sockets: against our broker, or the one that
 * TIDEMARK_TEST_BROKERS names.
 */

import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Consumer, createConsumer, readCompletionMap } from './index.ts'

const given = process.env.TIDEMARK_TEST_BROKERS
const PARTITIONS = 2
const RECORDS = 400
const KEYS = 20
let broker: Broker | undefined
let kafka: Kafka
let topic: string

beforeAll(async () => {
  if (given === undefined) broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: given?.split(',') ?? broker!.brokers })
  topic = `finished-${process.pid}`
  await createAdmin(kafka).topics.create(topic, { partitions: PARTITIONS })
  await using producer = createProducer(kafka)
  await producer.send(
    topic,
    Array.from({ length: RECORDS }, (_, i) => ({ key: `key-${i % KEYS}`, value: String(i), partition: i % PARTITIONS })),
  )
})

afterAll(async () => {
  await kafka.close()
  await broker?.close()
})

const consumerOf = (group: string, shutdownTimeoutMs = 20_000): Consumer =>
  createConsumer(kafka, { group, sessionTimeoutMs: 6_000, shutdownTimeoutMs, commit: { intervalMs: 20 } })

/** Key 0 never ends; everything else is done, and is on record when this resolves. */
async function workUntilStuck(group: string): Promise<void> {
  const consumer = consumerOf(group, 200) // the stuck call is not waited for
  const stop = new AbortController()
  let done = 0
  const rest = Promise.withResolvers<void>()
  consumer.each(topic, { order: 'key', concurrency: 50 }, async (m) => {
    if (m.key!.toString() === 'key-0') return new Promise(() => {})
    if (++done === RECORDS - RECORDS / KEYS) rest.resolve()
  })
  const running = consumer.run({ signal: stop.signal })
  await rest.promise
  await consumer.commit()
  stop.abort()
  await running
}

async function handledBy(consumer: Consumer, count: number, begin: () => Promise<void> = async () => {}): Promise<string[]> {
  const seen: string[] = []
  const stop = new AbortController()
  const enough = Promise.withResolvers<void>()
  consumer.each(topic, { order: 'key', concurrency: 50 }, (m) => {
    seen.push(m.value!.toString())
    if (seen.length >= count) enough.resolve()
  })
  const assigned = (async () => {
    let places = 0
    for await (const event of consumer.events) if (event.kind === 'assigned' && ++places === PARTITIONS) return
  })()
  const running = consumer.run({ signal: stop.signal })
  await assigned
  await begin()
  await enough.promise
  stop.abort()
  await running
  return seen
}

const stuck = Array.from({ length: RECORDS / KEYS }, (_, i) => String(i * KEYS))
const inOrder = (values: readonly string[]): string[] => [...values].sort((a, b) => Number(a) - Number(b))

describe('what is done above the committed offset', () => {
  test('is on record with the commit, and the next owner does only the rest', async () => {
    await workUntilStuck('rest')
    const [first] = await createAdmin(kafka).groups.offsets('rest')
    expect(first!.offset).toBe(0)
    expect(readCompletionMap(first!.metadata)).toMatchObject({ base: 0, top: RECORDS / PARTITIONS })
    expect(readCompletionMap(first!.metadata)!.open).toHaveLength(RECORDS / KEYS)
    expect(inOrder(await handledBy(consumerOf('rest'), stuck.length))).toEqual(stuck)
    expect(await createAdmin(kafka).groups.offsets('rest')).toMatchObject([
      { offset: RECORDS / PARTITIONS, metadata: '' },
      { offset: RECORDS / PARTITIONS, metadata: '' },
    ])
  })

  test('does not survive a seek to the committed offset: what was asked for again is done again', async () => {
    await workUntilStuck('again')
    const consumer = consumerOf('again')
    const seen = await handledBy(consumer, RECORDS, async () => {
      consumer.pause(topic)
      for (let partition = 0; partition < PARTITIONS; partition++) await consumer.seek(topic, partition, 0)
      await consumer.commit()
      expect(await createAdmin(kafka).groups.offsets('again')).toMatchObject([{ metadata: '' }, { metadata: '' }])
      consumer.resume(topic)
    })
    expect(new Set(seen).size).toBe(RECORDS)
  })

  test('means nothing at another offset, committed by somebody else', async () => {
    await workUntilStuck('moved')
    const [first] = await createAdmin(kafka).groups.offsets('moved')
    const metadata = first!.metadata.replace(` 0 ${RECORDS / PARTITIONS} `, ` 1 ${RECORDS / PARTITIONS + 1} `)
    expect(readCompletionMap(metadata)).toMatchObject({ base: 1 })
    await commitAs('moved', metadata)
    expect(new Set(await handledBy(consumerOf('moved'), RECORDS)).size).toBe(RECORDS)
  })

  test.skipIf(given !== undefined)('is cut to what the broker takes: the commit stands, and the rest is done again', async () => {
    await using small = await startBroker({ data: ':memory:', offsetMetadataCharsMax: 75 })
    await using own = createKafka({ brokers: small.brokers })
    await createAdmin(own).topics.create(topic, { partitions: 1 })
    await using producer = createProducer(own)
    const spread = Array.from({ length: 900 }, (_, i) => ({ key: `key-${i % 3}`, value: String(i) }))
    await producer.send(topic, spread)
    const consumer = createConsumer(own, { group: 'small', shutdownTimeoutMs: 100 })
    let done = 0
    const rest = Promise.withResolvers<void>()
    consumer.each(topic, { order: 'key' }, async (m) => {
      if (m.key!.toString() === 'key-0') return new Promise(() => {})
      if (++done === 600) rest.resolve()
    })
    void consumer.run()
    await rest.promise
    await consumer.commit()
    const [onRecord] = await createAdmin(own).groups.offsets('small')
    expect(onRecord!.metadata.length).toBeLessThanOrEqual(75)
    const { top, open } = readCompletionMap(onRecord!.metadata)!
    expect(open).toEqual(Array.from({ length: Math.ceil(top / 3) }, (_, i) => i * 3))
    expect(top).toBeLessThan(900)
    await consumer.close()
  })
})

/** What another tool may write: offset 0 with this metadata. */
async function commitAs(group: string, committedMetadata: string): Promise<void> {
  const { apis } = await import('@tidemark/protocol')
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({ partitionIndex, committedOffset: 0, committedMetadata }))
  await handleOf(kafka).cluster.send(
    apis.OffsetCommit,
    { groupId: group, generationIdOrMemberEpoch: -1, memberId: '', topics: [{ name: topic, partitions }] },
    { node: { coordinator: group }, purpose: 'admin', versionMax: 9 },
  )
}

test('a member that does not lead knows the id of its topic: names of records are the same on each member', async () => {
  const ids = new Map<string, string>()
  const stop = new AbortController()
  const both = Promise.withResolvers<void>()
  const running = ['a', 'b'].map((name) => {
    const own = createKafka({ brokers: given?.split(',') ?? broker!.brokers, clientId: name })
    const consumer = createConsumer(own, {
      group: 'named',
      sessionTimeoutMs: 6_000,
      heartbeatIntervalMs: 50,
      rebalanceTimeoutMs: 300,
      shutdownTimeoutMs: 100,
    })
    consumer.each(topic, {}, async (_, context) => {
      ids.set(name, context.id.replace(/-\d+-\d+$/, ''))
      if (ids.size === 2) both.resolve()
      await new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()))
      throw new Error('it was taken away')
    })
    return consumer.run({ signal: stop.signal }).finally(() => own.close())
  })
  await both.promise
  stop.abort()
  await Promise.all(running)
  expect(ids.get('a')).toBe(ids.get('b'))
  expect(ids.get('a')).not.toBe(topic)
})

describe('attempts', () => {
  test('go on in the next process, also where nothing above is done, and are forgotten once the record is done (T26)', async () => {
    const group = `attempts-${process.pid}`
    const attempts: number[] = []
    const next = async (count: number): Promise<void> => {
      const consumer = consumerOf(group)
      const enough = Promise.withResolvers<void>()
      const until = attempts.length + count
      consumer.each(topic, { retry: { attempts: 50, delayMs: 1, delayMaxMs: 1 } }, (m, context) => {
        if (m.partition === 1) return
        if (m.offset !== 3) return
        attempts.push(context.attempt)
        if (attempts.length === until) enough.resolve()
        if (attempts.length < 8) throw new Error('not yet')
      })
      const run = consumer.run()
      await enough.promise
      await consumer.close()
      await run
    }
    await next(3)
    await next(2)
    await next(3)
    expect(attempts).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    const [committed] = await createAdmin(kafka).groups.offsets(group)
    expect(readCompletionMap(committed!.metadata)?.notes ?? []).toEqual([])
  })
})
