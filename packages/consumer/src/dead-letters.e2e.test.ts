/** Dead letters, from the record that cannot be handled to the topic that they are read from. */
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, type ReceivedMessage, read } from '@tidemark/client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Consumer,
  type ConsumerEvent,
  type ConsumerOptions,
  createConsumer,
  deadLetter,
  deadLetterOrigin,
  TidemarkError,
} from './index.ts'

let broker: Broker
let kafka: Kafka
const closing: (() => Promise<void>)[] = []
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

beforeEach(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers, logger: quiet })
  closing.push(() => kafka.close())
})

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await broker.close()
})

function consumerOf(made = kafka, options: Partial<ConsumerOptions> = {}): Consumer {
  const consumer = createConsumer(made, {
    group: 'g',
    heartbeatIntervalMs: 50,
    commit: { intervalMs: 20 },
    shutdownTimeoutMs: 2_000,
    ...options,
  })
  closing.push(() => consumer.close())
  return consumer
}

async function topic(name: string, partitions: number): Promise<void> {
  await createAdmin(kafka).topics.create(name, { partitions })
}

async function all(name: string): Promise<ReceivedMessage[]> {
  const out: ReceivedMessage[] = []
  for await (const message of read(kafka, name, { to: 'end' })) out.push(message)
  return out
}

const committed = async (): Promise<number> => (await createAdmin(kafka).groups.offsets('g')).reduce((sum, { offset }) => sum + offset, 0)

/** Resolves with the first event that is wanted. */
async function event(consumer: Consumer, wanted: (e: ConsumerEvent) => boolean): Promise<ConsumerEvent> {
  for await (const e of consumer.events) if (wanted(e)) return e
  throw new Error('the run ended first')
}

const textOf = (message: ReceivedMessage, header: string): string | undefined => {
  const value = message.header(header)
  return value == null ? undefined : Buffer.from(value).toString()
}

test('a record whose attempts are exhausted is in the dead-letter topic with all that it was, and says why', async () => {
  await topic('orders', 1)
  await using producer = createProducer(kafka)
  await producer.send('orders', { key: 'a', value: 'first' })
  await producer.send('orders', { key: 'b', value: 'bad', headers: { trace: '17', 'tidemark-attempts': 'forged' }, timestampMs: 1_234_567 })
  const ids: string[] = []
  const retry = { attempts: 2, delayMs: 1 }
  const consumer = consumerOf().each(
    'orders',
    { retry, exhausted: deadLetter('orders.dead', { headers: () => ({ team: 'billing' }) }) },
    (m, c) => {
      if (m.offset === 0) return
      ids.push(c.id)
      throw new RangeError('no such customer')
    },
  )
  const seen = event(consumer, (e) => e.kind === 'deadLettered')
  const run = consumer.run()
  expect(await seen).toMatchObject({
    topic: 'orders',
    partition: 0,
    offset: 1,
    deadLetter: { topic: 'orders.dead', offset: 0 },
    attempts: 2,
  })
  await consumer.close()
  await run
  expect(await committed()).toBe(2)
  const [letter] = await all('orders.dead')
  expect([letter!.key!.toString(), letter!.value!.toString(), textOf(letter!, 'trace'), textOf(letter!, 'team')]).toEqual([
    'b',
    'bad',
    '17',
    'billing',
  ])
  expect(ids).toEqual([ids[0], ids[0]])
  expect(deadLetterOrigin(letter!)).toEqual({
    id: ids[0],
    topic: 'orders',
    partition: 0,
    offset: 1,
    timestampMs: 1_234_567,
    group: 'g',
    cause: 'exhausted',
    attempts: 2,
    errorName: 'RangeError',
    errorMessage: 'no such customer',
  })
  expect(letter!.headers.filter((h) => h.key === 'tidemark-attempts')).toHaveLength(1)
})

test('a dead-letter topic with fewer partitions takes them all, and each key stays in order (T39)', async () => {
  await topic('orders', 6)
  await topic('orders.dead', 2)
  await using producer = createProducer(kafka)
  const keys = Array.from({ length: 12 }, (_, i) => `key-${i}`)
  for (let n = 0; n < 5; n++)
    await producer.send(
      'orders',
      keys.map((key) => ({ key, value: String(n) })),
    )
  const consumer = consumerOf().each('orders', { order: 'key', exhausted: deadLetter('orders.dead') }, (_, c) =>
    c.deadLetter('all are bad'),
  )
  let left = 60
  const seen = event(consumer, (e) => e.kind === 'deadLettered' && --left === 0)
  void consumer.run()
  await seen
  await consumer.close()
  expect(await committed()).toBe(60)
  const letters = await all('orders.dead')
  expect(new Set(letters.map((m) => m.partition))).toEqual(new Set([0, 1]))
  for (const key of keys)
    expect(letters.filter((m) => m.key!.toString() === key).map((m) => m.value!.toString())).toEqual(['0', '1', '2', '3', '4'])
})

describe('a dead letter that cannot be written (T14)', () => {
  test('keeps its offset pending, is told of, and is written once it can be', async () => {
    await topic('orders', 1)
    await topic('orders.dead', 1)
    await using producer = createProducer(kafka)
    await producer.send('orders', [
      { key: 'a', value: 'bad' },
      { key: 'b', value: 'good' },
    ])
    let isRefused = true
    const own = createProducer(kafka)
    closing.push(() => own.close())
    const send = async (...args: Parameters<typeof own.send>) => {
      if (isRefused) throw new TidemarkError('DELIVERY_TIMED_OUT', 'not now')
      return await own.send(...args)
    }
    const failing = { send } as unknown as typeof own
    const policy = deadLetter('orders.dead', { producer: failing, delayMs: 1, delayMaxMs: 5 })
    const consumer = consumerOf().each('orders', { order: 'key', exhausted: policy, retry: { attempts: 1 } }, (m) => {
      if (m.offset === 0) throw new Error('bad')
    })
    const third = event(consumer, (e) => e.kind === 'deadLetterFailed' && e.tries === 3)
    const written = event(consumer, (e) => e.kind === 'deadLettered')
    void consumer.run()
    expect(await third).toMatchObject({ offset: 0, deadLetterTopic: 'orders.dead', error: { code: 'DEAD_LETTER_FAILED' } })
    await consumer.commit()
    expect(await committed()).toBe(0)
    expect(consumer.explain()[0]!.because).toContain('offset 0 is waiting for its dead letter to be written')
    isRefused = false
    await written
    await consumer.close()
    expect(await committed()).toBe(2)
  })

  test('for good ends the run, and leaves the record to the next', async () => {
    await topic('orders', 1)
    await using producer = createProducer(kafka)
    await producer.send('orders', { key: 'a', value: 'bad' })
    const consumer = consumerOf().each('orders', { exhausted: deadLetter('not a valid name') }, (_, c) => c.deadLetter('bad'))
    await expect(consumer.run()).rejects.toMatchObject({ code: 'DEAD_LETTER_FAILED', topic: 'orders', offset: 0 })
    expect(await committed()).toBe(0)
  })

  test('does not hold up a shutdown for longer than that may take', async () => {
    await topic('orders', 1)
    await using producer = createProducer(kafka)
    await producer.send('orders', { key: 'a', value: 'bad' })
    const silent = { send: () => new Promise(() => {}) } as unknown as ReturnType<typeof createProducer>
    const begun = Promise.withResolvers<void>()
    const consumer = consumerOf(kafka, { shutdownTimeoutMs: 200 })
    consumer.each('orders', { exhausted: deadLetter('orders.dead', { producer: silent }) }, (_, c) => {
      c.deadLetter('bad')
      begun.resolve()
    })
    const run = consumer.run()
    await begun.promise
    await consumer.close()
    await run
    expect(await committed()).toBe(0)
  })
})

test('a record that waits long for its next attempt keeps no memory but its own, while others go on', async () => {
  await topic('orders', 1)
  await using producer = createProducer(kafka)
  const value = 'x'.repeat(10_000)
  await producer.send(
    'orders',
    Array.from({ length: 80 }, (_, i) => ({ key: `k${i}`, value })),
  )
  const backing: number[] = []
  const done = Promise.withResolvers<void>()
  let others = 0
  const consumer = consumerOf().each('orders', { order: 'key', retry: { delayMs: 1_200, delayMaxMs: 1_200 } }, (m, context) => {
    if (m.offset > 0) return void others++
    backing.push(m.value!.buffer.byteLength)
    if (context.attempt === 1) throw new Error('not yet')
    done.resolve()
  })
  void consumer.run()
  await done.promise
  expect(others).toBe(79)
  expect(backing[0]).toBeGreaterThan(500_000)
  expect(backing[1]).toBeLessThanOrEqual(Buffer.poolSize)
})

test('a misspelt option, a wrong value, or a word that does not exist is refused', () => {
  expect(() => deadLetter('')).toThrow(/the dead-letter topic is ""/)
  expect(() => deadLetter('t', { delay: 1 } as object)).toThrow(/did you mean 'delayMs'/)
  expect(() => deadLetter('t', { delayMs: 10, delayMaxMs: 5 })).toThrow(/must not be below delayMs/)
  expect(() => deadLetter('t', { producer: 1 as never })).toThrow(/must be what createProducer\(\) returned/)
  expect(() => consumerOf().each('t', { exhausted: 'dead' as never }, () => {})).toThrow(/must be 'stop', 'skip' or deadLetter\(topic\)/)
})

test('a dead-letter topic that its own handler reads is refused; another handler may read it', async () => {
  await topic('orders', 1)
  await topic('orders.dead', 1)
  const settings = { exhausted: deadLetter('orders.dead') }
  for (const topics of ['orders.dead', /^orders/, ['orders', /dead$/]]) {
    const consumer = consumerOf().each(topics, settings, () => {})
    await expect(consumer.run()).rejects.toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining("'orders.dead'") })
  }
  const consumer = consumerOf()
    .each(/^orders/, settings, () => {})
    .each('orders.dead', () => {})
  const joined = event(consumer, (e) => e.kind === 'joined')
  const run = consumer.run()
  await joined
  await consumer.close()
  await run
})

test('headers that are a promise, or none, end the run: nothing of them would be written', async () => {
  await topic('orders', 1)
  await topic('orders.dead', 1)
  await using producer = createProducer(kafka)
  await producer.send('orders', { value: 'bad' })
  for (const headers of [async () => ({ team: 'billing' }), () => 'team']) {
    const exhausted = deadLetter('orders.dead', { headers: headers as never })
    const consumer = consumerOf().each('orders', { exhausted }, (_, context) => context.deadLetter('no'))
    await expect(consumer.run()).rejects.toMatchObject({ code: 'DEAD_LETTER_FAILED', cause: { code: 'INVALID_ARGUMENT' } })
  }
  expect(await all('orders.dead')).toEqual([])
})
