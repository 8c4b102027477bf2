/** Replays over real sockets, beside live work: what is handled again, and that no offset moves. */
import { createAdmin, createProducer, json, type Kafka, topic } from '@tidemark/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Consumer, createConsumer, replay } from './index.ts'
import { type BrokerUnderTest, brokerUnderTest } from './testing/brokers.case.ts'

let under: BrokerUnderTest
let kafka: Kafka

beforeAll(async () => {
  under = await brokerUnderTest('replay')
  kafka = under.kafka
})

afterAll(async () => {
  await under[Symbol.asyncDispose]()
})

const group = `replayers-${process.pid}`
const START_MS = Date.UTC(2026, 0, 1)

/** Twelve records in two partitions, a minute apart, of which the group has committed `done` in each. */
async function scene(done: number) {
  const name = under.fresh('topic')
  await createAdmin(kafka).topics.create(name, { partitions: 2 })
  await using producer = createProducer(kafka)
  for (let i = 0; i < 12; i++) {
    await producer.send(name, { key: `k${i % 3}`, value: String(i), partition: i % 2, timestampMs: START_MS + i * 60_000 })
  }
  if (done > 0) {
    await using consumer = createConsumer(kafka, { group })
    const stop = new AbortController()
    let handled = 0
    consumer.each(name, { concurrency: 1, order: 'none' }, async (message) => {
      if (message.offset >= done) return await new Promise(() => {})
      if (++handled === 2 * done) setImmediate(() => stop.abort())
    })
    await consumer.run({ signal: stop.signal }).catch(() => {})
  }
  return name
}

const offsetsOf = async (name: string) =>
  (await createAdmin(kafka).groups.offsets(group))
    .filter((o) => o.topic === name)
    .map(({ partition, offset, metadata }) => [partition, offset, metadata])

function collecting(name: string): { consumer: Consumer; seen: string[] } {
  const seen: string[] = []
  const consumer = createConsumer(kafka, { group })
  consumer.each(name, { retry: { attempts: 2, delayMs: 1 } }, ({ value }) => void seen.push(value!.toString()))
  return { consumer, seen }
}

const sorted = (values: readonly string[]): string[] => [...values].sort((a, b) => Number(a) - Number(b))

test('what the group has committed is handled again, in the order of each partition, and no offset moves', async () => {
  const name = await scene(6)
  const before = await offsetsOf(name)
  const { consumer, seen } = collecting(name)
  const result = await consumer.replay(name)
  expect(sorted(seen)).toEqual(Array.from({ length: 12 }, (_, i) => String(i)))
  expect(seen.filter((v) => Number(v) % 2 === 0)).toEqual(['0', '2', '4', '6', '8', '10'])
  expect(result).toMatchObject({ dryRun: false, records: 12, matched: 12, handled: 12, skipped: 0 })
  expect(await offsetsOf(name)).toEqual(before)
})

test('what is not committed yet is left to live work, unless it is asked for', async () => {
  const name = await scene(0)
  const { consumer, seen } = collecting(name)
  expect(await consumer.replay(name)).toMatchObject({ records: 0, handled: 0, partitions: [] })
  expect(await consumer.replay(name, { to: 'end' })).toMatchObject({ records: 12, handled: 12 })
  expect(seen).toHaveLength(12)
  expect(await offsetsOf(name)).toEqual([])
})

test('offsets, a span of time, keys and a filter choose; a dry run counts and handles nothing', async () => {
  const name = await scene(0)
  const { consumer, seen } = collecting(name)
  await consumer.replay(name, { from: { 0: 1, 1: 4 }, to: { 0: 3, 1: 6 } })
  expect(sorted(seen.splice(0))).toEqual(['2', '4', '9', '11'])
  await consumer.replay(name, { from: new Date(START_MS + 3 * 60_000), to: new Date(START_MS + 6 * 60_000) })
  expect(sorted(seen.splice(0))).toEqual(['3', '4', '5'])
  await consumer.replay(name, { to: 'end', keys: ['k1', Buffer.from('nobody')], filter: (m) => m.offset > 0 })
  expect(sorted(seen.splice(0))).toEqual(['4', '7', '10'])
  expect(await consumer.replay(name, { to: 'end', keys: ['k1'], dryRun: true })).toEqual({
    dryRun: true,
    records: 12,
    matched: 4,
    handled: 0,
    skipped: 0,
    partitions: [
      {
        partition: 0,
        records: 6,
        matched: 2,
        firstOffset: 2,
        lastOffset: 5,
        firstTimestampMs: START_MS + 4 * 60_000,
        lastTimestampMs: START_MS + 10 * 60_000,
      },
      {
        partition: 1,
        records: 6,
        matched: 2,
        firstOffset: 0,
        lastOffset: 3,
        firstTimestampMs: START_MS + 60_000,
        lastTimestampMs: START_MS + 7 * 60_000,
      },
    ],
  })
  expect(seen).toEqual([])
})

test('runs beside the consumer that has the partitions', async () => {
  const name = await scene(0)
  const { consumer, seen } = collecting(name)
  const stop = new AbortController()
  const run = consumer.run({ signal: stop.signal })
  for await (const event of consumer.events) if (event.kind === 'committed' && (await offsetsOf(name)).length === 2) break
  await consumer.replay(name, { to: 'end', keys: ['k0'] })
  expect(seen).toHaveLength(12 + 4)
  stop.abort()
  await run
})

test('a handler that fails for good ends the replay; what runs is waited for', async () => {
  const name = await scene(0)
  const consumer = createConsumer(kafka, { group })
  let [running, attempts] = [0, 0]
  consumer.each(name, { retry: { attempts: 2, delayMs: 1 } }, async ({ value }) => {
    running++
    await new Promise((resolve) => setImmediate(resolve))
    running--
    if (String(value) !== '4') return
    attempts++
    throw new Error('no')
  })
  await expect(consumer.replay(name, { to: 'end' })).rejects.toMatchObject({ code: 'HANDLER_FAILED', partition: 0, offset: 2 })
  expect([running, attempts]).toEqual([0, 2])
})

test('an abort lets what runs finish, and rejects', async () => {
  const name = await scene(0)
  const stop = new AbortController()
  let [started, finished] = [0, 0]
  const replaying = replay(kafka, { group, topic: name, to: 'end', order: 'none', concurrency: 3, signal: stop.signal }, async () => {
    if (++started === 3) stop.abort()
    await new Promise((resolve) => setImmediate(resolve))
    finished++
  })
  await expect(replaying).rejects.toMatchObject({ code: 'ABORTED' })
  expect([started, finished]).toEqual([3, 3])
})

test('batches, typed topics, middleware and skips are as in live work; a pulled topic has no handler', async () => {
  const name = await scene(0)
  const batches: number[] = []
  const batcher = createConsumer(kafka, { group }).batches(
    name,
    { recordsMax: 4, waitMaxMs: 5 },
    (batch) => void batches.push(batch.messages.length),
  )
  expect(await batcher.replay(name, { to: 'end' })).toMatchObject({ handled: 12 })
  expect(batches.reduce((a, b) => a + b, 0)).toBe(12)

  const values: number[] = []
  const typed = createConsumer(kafka, { group }).use((m, _, next) => (m.offset === 0 ? undefined : next()))
  typed.each(topic(name, { value: json<number>() }), (message, context) => {
    values.push(message.value)
    if (message.value > 9) context.skip('large')
  })
  expect(await typed.replay(name, { to: 'end' })).toMatchObject({ handled: 10, skipped: 2 })
  expect(sorted(values.map(String))).toEqual(Array.from({ length: 10 }, (_, i) => String(i + 2)))

  const pulling = createConsumer(kafka, { group })
  pulling.messages(name)
  await expect(pulling.replay(name)).rejects.toThrow('is pulled by messages()')
  await expect(batcher.replay('other')).rejects.toThrow("this consumer does not read topic 'other'")
  await expect(batcher.replay(name, { until: 'end' } as never)).rejects.toThrow("unknown option 'until' of replay()")
  await expect(batcher.replay(name, { keys: [5] } as never)).rejects.toThrow("option 'keys' is an array")
  await expect(replay(kafka, { group, topic: name })).rejects.toThrow('the handler of replay() is undefined')
  expect(await replay(kafka, { group, topic: name, to: 'end', dryRun: true })).toMatchObject({ matched: 12 })
})

test('a filter that returns a promise, or nothing, is refused: it would choose nothing', async () => {
  const name = await scene(0)
  for (const filter of [async () => true, () => {}]) {
    const replaying = replay(kafka, { group, topic: name, to: 'end', filter: filter as never }, () => {})
    await expect(replaying).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('must return true or false'),
    })
  }
})
