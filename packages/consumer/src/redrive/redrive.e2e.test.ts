/** Dead letters put back, by one process or more, again and again. */
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, type Producer, type ReceivedMessage, read } from '@tidemark/client'
import { ManualClock } from '@tidemark/platform/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Context, createConsumer, deadLetter, idempotent, memoryIds, type RedriveOptions, redrive } from '../index.ts'
import { Pace } from './pace.ts'

let broker: Broker
let kafka: Kafka
let producer: Producer

beforeEach(async () => {
  broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: broker.brokers })
  producer = createProducer(kafka)
  const { topics } = createAdmin(kafka)
  await topics.create('orders', { partitions: 3 })
  await topics.create('orders.dead', { partitions: 2 })
})

afterEach(async () => {
  await producer.close()
  await kafka.close()
  await broker.close()
})

async function all(topic: string): Promise<ReceivedMessage[]> {
  const out: ReceivedMessage[] = []
  for await (const message of read(kafka, topic, { to: 'end' })) out.push(message)
  return out
}

const valuesOf = async (topic: string): Promise<string[]> => (await all(topic)).map((m) => m.value!.toString())

/** A run over all of `orders`, in which every record becomes a dead letter; returns what handlers saw as ids. */
async function failAll(count: number, group = 'billing'): Promise<string[]> {
  const ids: string[] = []
  const consumer = createConsumer(kafka, { group, commit: { intervalMs: 10 } })
  consumer.each('orders', { exhausted: deadLetter('orders.dead') }, (_, context) => {
    ids.push(context.id)
    context.deadLetter('all fail')
  })
  const run = consumer.run()
  let left = count
  for await (const e of consumer.events) if (e.kind === 'deadLettered' && --left === 0) break
  await consumer.close()
  await run
  return ids
}

const send = async (from: number, to: number): Promise<void> => {
  await producer.send(
    'orders',
    Array.from({ length: to - from }, (_, i) => ({ key: `k${(from + i) % 5}`, value: `v${from + i}` })),
  )
}

test('what remembers ids has the record of a dead letter handled when it comes back', async () => {
  await producer.send('orders', { key: 'k', value: 'v' })
  const consumer = createConsumer(kafka, { group: 'billing', heartbeatIntervalMs: 50, commit: { intervalMs: 10 } })
  const charged: string[] = []
  const handler = idempotent<ReceivedMessage, Context>(memoryIds(), (message, context) => {
    if (message.header('tidemark-id') === undefined) return context.deadLetter('no such customer yet')
    charged.push(context.id)
  })
  consumer.each('orders', { exhausted: deadLetter('orders.dead') }, handler)
  const run = consumer.run()
  for await (const e of consumer.events) {
    if (e.kind === 'deadLettered') await redrive(kafka, 'orders.dead')
    if (e.kind === 'committed' && (await all('orders')).length === 2 && consumer.positions().every((p) => p.waiting + p.running === 0))
      break
  }
  await consumer.close()
  await run
  expect(charged).toHaveLength(1)
})

test('each dead letter goes back to its topic with its id, a dry run counts the same, and a second call does nothing', async () => {
  await send(0, 20)
  const ids = await failAll(20)
  const counts = { redriven: 20, topics: { orders: 20 }, leftOut: 0, unknown: 0, group: 'redrive.orders.dead' }
  expect(await redrive(kafka, 'orders.dead', { dryRun: true })).toEqual({ ...counts, dryRun: true })
  expect((await all('orders')).length).toBe(20)
  expect(await redrive(kafka, 'orders.dead')).toEqual({ ...counts, dryRun: false })
  const back = (await all('orders')).filter((m) => m.header('tidemark-id') !== undefined)
  expect(back.map((m) => m.value!.toString()).sort()).toEqual(Array.from({ length: 20 }, (_, i) => `v${i}`).sort())
  expect(back.flatMap((m) => m.headers.map((h) => h.key))).toEqual(back.map(() => 'tidemark-id'))
  const again = await redrive(kafka, 'orders.dead')
  expect([again.redriven, (await all('orders')).length]).toEqual([0, 40])
  expect(new Set(await failAll(20))).toEqual(new Set(ids))
})

test('records that fail again are not put back in a circle', async () => {
  await send(0, 10)
  await failAll(10)
  const failing = createConsumer(kafka, { group: 'billing', heartbeatIntervalMs: 20 })
  failing.each('orders', { exhausted: deadLetter('orders.dead') }, (_, context) => context.deadLetter('again'))
  const run = failing.run()
  const done = (async () => {
    let left = 10
    for await (const e of failing.events) if (e.kind === 'deadLettered' && --left === 0) return
  })()
  expect((await redrive(kafka, 'orders.dead')).redriven).toBe(10)
  await done
  await failing.close()
  await run
  expect((await all('orders')).length).toBe(20)
  expect((await redrive(kafka, 'orders.dead')).redriven).toBe(10)
})

test('one that failed in the middle goes on where it was', async () => {
  await send(0, 20)
  await failAll(20)
  let sent = 0
  const failing = {
    send: async (...args: Parameters<Producer['send']>) => {
      if (++sent > 8) throw new Error('the disk is full')
      return await producer.send(...args)
    },
  } as unknown as Producer
  await expect(redrive(kafka, 'orders.dead', { producer: failing })).rejects.toMatchObject({
    code: 'REDRIVE_FAILED',
    message: /the disk is full; 8 records were put back/,
  })
  expect((await redrive(kafka, 'orders.dead')).redriven).toBe(12)
  expect((await valuesOf('orders')).sort()).toEqual([...Array(20).keys(), ...Array(20).keys()].map((i) => `v${i}`).sort())
})

test('a filter leaves out, in a group of its own; `to` names another topic', async () => {
  await send(0, 10)
  await failAll(10)
  await producer.send('orders.dead', { key: 'x', value: 'no dead letter' })
  const filter: RedriveOptions['filter'] = (letter, origin) => origin?.topic === 'orders' && letter.key!.toString() === 'k1'
  await expect(redrive(kafka, 'orders.dead', { filter })).rejects.toThrow(/name a group for this redrive/)
  expect(await redrive(kafka, 'orders.dead', { filter, group: 'just-k1', to: 'orders.again' })).toMatchObject({
    redriven: 2,
    topics: { 'orders.again': 2 },
    leftOut: 9,
  })
  expect((await valuesOf('orders.again')).sort()).toEqual(['v1', 'v6'])
  expect(await redrive(kafka, 'orders.dead')).toMatchObject({ redriven: 10, unknown: 1 })
})

test('two at once share the work', async () => {
  await send(0, 200)
  await failAll(200)
  const both = await Promise.all([redrive(kafka, 'orders.dead', { rate: 500 }), redrive(kafka, 'orders.dead', { rate: 500 })])
  expect(both[0].redriven + both[1].redriven).toBeGreaterThanOrEqual(200)
  const back = (await all('orders')).filter((m) => m.header('tidemark-id') !== undefined)
  expect(new Set(back.map((m) => m.value!.toString())).size).toBe(200)
})

test('wrong options are refused, and a topic that does not exist', async () => {
  await expect(redrive(kafka, 'orders.dead', { to: 'orders.dead' })).rejects.toThrow(/is the dead-letter topic itself/)
  await expect(redrive(kafka, 'orders.dead', { rate: 0 })).rejects.toThrow(/option 'rate' is 0/)
  await expect(redrive(kafka, 'orders.dead', { dryrun: true } as object)).rejects.toThrow(/did you mean 'dryRun'/)
  await expect(redrive(kafka, 'nowhere')).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
})

test('the pace holds, below one a second too', async () => {
  const clock = new ManualClock()
  const pace = new Pace(clock, 0.5)
  const never = new AbortController().signal
  const turns: number[] = []
  for (let i = 0; i < 3; i++) void pace.turn(never).then(() => turns.push(clock.monotonic()))
  for (let ms = 0; ms <= 5_000; ms += 500) {
    clock.advance(ms === 0 ? 0 : 500)
    for (let i = 0; i < 5; i++) await null
  }
  expect(turns).toEqual([0, 2_000, 4_000])
})
