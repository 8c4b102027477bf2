/** Shapes of consumption over real sockets: a pull loop, typed topics, several topics and patterns, middleware. */
import {
  bytes,
  createAdmin,
  createProducer,
  int,
  json,
  type Kafka,
  type ReceivedMessage,
  read,
  type StandardSchema,
  text,
  topic,
} from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Consumer, type ConsumerEvent, createConsumer, DecodeError, deadLetter } from './index.ts'
import type { ConsumerOptions } from './options.ts'
import { type BrokerUnderTest, brokerUnderTest } from './testing/brokers.case.ts'

let under: BrokerUnderTest
let kafka: Kafka

beforeAll(async () => {
  under = await brokerUnderTest('shapes')
  kafka = under.kafka
})

afterAll(async () => {
  await under[Symbol.asyncDispose]()
})

const fresh = (kind: string): string => under.fresh(kind)
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i))

async function create(name: string, values: readonly (string | Uint8Array)[] = [], partitions = 1): Promise<string> {
  await createAdmin(kafka).topics.create(name, { partitions })
  await produce(name, values)
  return name
}

async function produce(name: string, values: readonly (string | Uint8Array)[]): Promise<void> {
  await using producer = createProducer(kafka)
  await producer.send(
    name,
    values.map((value) => ({ value })),
  )
}

const consumerOf = (group: string, options: Partial<ConsumerOptions> = {}): Consumer =>
  createConsumer(kafka, {
    group,
    sessionTimeoutMs: under.sessionTimeoutMs,
    heartbeatIntervalMs: 50,
    commit: { intervalMs: 50 },
    ...options,
  })

async function committed(group: string): Promise<number> {
  const offsets = await createAdmin(kafka).groups.offsets(group)
  return offsets.reduce((sum, o) => sum + o.offset, 0)
}

async function until(consumer: Consumer, found: (event: ConsumerEvent) => boolean): Promise<void> {
  for await (const event of consumer.events) if (found(event)) return
  throw new Error('the consumer ended first')
}

describe('messages()', () => {
  test('hands out one record after the other, and goes on where the loop was left', async () => {
    const [name, group] = [await create(fresh('topic'), numbers(0, 10)), fresh('group')]
    const seen: string[] = []
    for await (const { value } of consumerOf(group).messages(name)) {
      seen.push(value!.toString())
      if (seen.length === 4) break // 3 is in hand, and not done
    }
    expect(await committed(group)).toBe(3)
    for await (const { value } of consumerOf(group).messages(name)) {
      seen.push(value!.toString())
      if (seen.length === 6) break
    }
    expect(seen).toEqual(['0', '1', '2', '3', '3', '4'])
    expect(await committed(group)).toBe(4)
  })

  test('an error in the loop is its caller’s, and leaves the record not done', async () => {
    const [name, group] = [await create(fresh('topic'), numbers(0, 5)), fresh('group')]
    const loop = async (): Promise<void> => {
      for await (const { offset } of consumerOf(group).messages(name)) if (offset === 2) throw new Error('mine')
    }
    await expect(loop()).rejects.toThrow('mine')
    expect(await committed(group)).toBe(2)
  })

  test('an abort of the signal ends the loop once the record in hand is done', async () => {
    const [name, group, stop] = [await create(fresh('topic'), numbers(0, 5)), fresh('group'), new AbortController()]
    let count = 0
    for await (const _ of consumerOf(group).messages(name, { signal: stop.signal })) if (++count === 3) stop.abort()
    expect([count, await committed(group)]).toEqual([3, 3])
  })

  test('the loop throws what the run rejects with, once', async () => {
    const messages = consumerOf(fresh('group'), { startFrom: 'fail' }).messages(await create(fresh('topic'), ['x']))
    await expect(messages.next()).rejects.toMatchObject({ code: 'NO_COMMITTED_OFFSET' })
    expect(await messages.return()).toEqual({ value: undefined, done: true })
    const closed = consumerOf(fresh('group'))
    const never = closed.messages('never')
    await closed.close()
    await expect(never.next()).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('a loop that is left before it begins is over, and joins nothing', async () => {
    const [name, group] = [await create(fresh('topic'), ['x']), fresh('group')]
    const consumer = consumerOf(group)
    const messages = consumer.messages(name)
    expect(await messages.return()).toEqual({ value: undefined, done: true })
    expect(await messages.next()).toEqual({ value: undefined, done: true })
    // A run would be refused if the loop had begun one.
    await expect(consumer.run({ signal: AbortSignal.abort() })).resolves.toBeUndefined()
  })

  test('a run that was begun elsewhere feeds the loop, beside other handlers', async () => {
    const [pulled, pushed] = [await create(fresh('topic'), numbers(0, 3)), await create(fresh('topic'), numbers(0, 3))]
    const consumer = consumerOf(fresh('group'))
    const seen: string[] = []
    const messages = consumer.messages(pulled)
    consumer.each(pushed, ({ value }) => void seen.push(`pushed ${value}`))
    const run = consumer.run()
    for await (const { value } of messages) {
      seen.push(`pulled ${value}`)
      if (value!.toString() === '2') break
    }
    await run
    expect(seen.filter((s) => s.startsWith('pulled'))).toEqual(['pulled 0', 'pulled 1', 'pulled 2'])
  })

  test('a record that nobody has asked for holds up no shutdown', async () => {
    const consumer = consumerOf(fresh('group'), { shutdownTimeoutMs: 3_600_000 })
    consumer.messages(await create(fresh('topic'), numbers(0, 3)))
    const run = consumer.run()
    await until(consumer, (e) => e.kind === 'assigned')
    await consumer.close()
    await run
  })
})

interface Order {
  readonly id: number
}

const orderSchema: StandardSchema<Order, Order> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof (value as Order | null)?.id === 'number' ? { value: value as Order } : { issues: [{ message: 'not a number', path: ['id'] }] },
  },
}

describe('typed topics', () => {
  const typed = () => topic(fresh('orders'), { key: text(), value: json(orderSchema) })

  test('what a producer sends is what handlers, batches and loops are given', async () => {
    const orders = typed()
    await create(orders.name)
    await using producer = createProducer(kafka)
    await producer.send(orders, [{ key: 'a', value: { id: 1 } }, { value: { id: 2 } }])
    const each: (readonly [string | null, number])[] = []
    const eacher = consumerOf(fresh('group'))
    const stop = new AbortController()
    eacher.each(orders, (message) => {
      each.push([message.key, message.value.id])
      if (each.length === 2) stop.abort()
    })
    await eacher.run({ signal: stop.signal })
    expect(each).toEqual([
      ['a', 1],
      [null, 2],
    ])

    const batched: number[] = []
    const batcher = consumerOf(fresh('group'))
    batcher.batches(orders, { recordsMax: 2, waitMaxMs: 1_000 }, (batch) => {
      for (const { value, raw } of batch) batched.push(value.id + raw.value!.length)
    })
    const batchStop = new AbortController()
    const ran = batcher.run({ signal: batchStop.signal })
    await until(batcher, (e) => e.kind === 'committed' && e.offset > 0)
    batchStop.abort()
    await ran
    expect(batched).toEqual([9, 10])

    for await (const { key, value } of consumerOf(fresh('group')).messages(orders)) {
      expect([key, value.id]).toEqual(['a', 1])
      break
    }
  })

  test('a record that does not decode is not tried again, and ends the run with its bytes', async () => {
    const orders = typed()
    await create(orders.name, ['{"id":1}', '{"id":"x"}', '{"id":3}'])
    const seen: number[] = []
    const consumer = consumerOf(fresh('group'))
    consumer.each(orders, ({ value }) => void seen.push(value.id))
    const error: unknown = await consumer.run().catch((e) => e)
    expect(error).toBeInstanceOf(DecodeError)
    expect(error).toMatchObject({ code: 'DECODE_FAILED', part: 'value', offset: 1, cause: { issues: [{ path: ['id'] }] } })
    expect((error as DecodeError).raw.value!.toString()).toBe('{"id":"x"}')
    expect((error as Error).message).toContain('the value of orders-')
    expect(seen).toEqual([1])
  })

  test('with exhausted skip it is skipped at once, in a loop too, and with an asynchronous schema', async () => {
    const { validate } = orderSchema['~standard']
    const slow: StandardSchema<Order, Order> = { '~standard': { version: 1, vendor: 'slow', validate: async (v) => validate(v) } }
    const orders = topic(fresh('orders'), { key: int(), value: json(slow) })
    await create(orders.name, ['{"id":1}', 'not json', new Uint8Array([0xff]), '{"id":4}'])
    const consumer = consumerOf(fresh('group'))
    const seen: number[] = []
    const events: ConsumerEvent[] = []
    void (async () => {
      for await (const event of consumer.events) if (event.kind === 'skipped' || event.kind === 'retrying') events.push(event)
    })()
    for await (const { value } of consumer.messages(orders, { exhausted: 'skip' })) {
      seen.push(value.id)
      if (value.id === 4) break
    }
    expect(seen).toEqual([1, 4])
    expect(events.map((e) => [e.kind, 'offset' in e && e.offset])).toEqual([
      ['skipped', 1],
      ['skipped', 2],
    ])
  })

  test('in a batch it fails alone: those before it and after it are handled once', async () => {
    const orders = typed()
    await create(orders.name, ['{"id":0}', '{"id":1}', 'bad', '{"id":3}', '{"id":4}'])
    const consumer = consumerOf(fresh('group'))
    const batches: number[][] = []
    const stop = new AbortController()
    let attempts = 0
    consumer.batches(orders, { recordsMax: 5, waitMaxMs: 200, exhausted: 'skip', retry: { delayMs: 1 } }, async (batch) => {
      await null
      if (++attempts === 1) throw new Error('the first attempt at those before it')
      batches.push([...batch].map(({ value }) => value.id))
      if (batches.flat().includes(4)) stop.abort()
    })
    await consumer.run({ signal: stop.signal })
    expect(batches).toEqual([
      [0, 1],
      [3, 4],
    ])
  })

  test('it goes to the dead letters with its bytes, at the first attempt', async () => {
    const orders = typed()
    const dead = await create(fresh('dead'))
    await create(orders.name, ['{"id":1}', 'bad', '{"id":3}'])
    const consumer = consumerOf(fresh('group'))
    const stop = new AbortController()
    const seen: number[] = []
    consumer.each(orders, { exhausted: deadLetter(dead) }, ({ value }) => {
      seen.push(value.id)
      if (value.id === 3) stop.abort()
    })
    await consumer.run({ signal: stop.signal })
    expect(seen).toEqual([1, 3])
    const letters: ReceivedMessage[] = []
    for await (const message of read(kafka, dead, { to: 'end' })) letters.push(message)
    expect(letters.map((m) => String(m.value))).toEqual(['bad'])
    const headers = Object.fromEntries(letters[0]!.headers.map(({ key, value }) => [key, Buffer.from(value!).toString()]))
    expect(Object.values(headers)).toEqual(expect.arrayContaining([expect.stringContaining('cannot be decoded')]))
  })

  test('typed and plain topics are named in calls of their own', () => {
    const raw = topic('raw', { value: bytes() })
    expect(() => consumerOf('g').each([raw, 'plain'] as never, () => {})).toThrow('some of the topics are typed and some are not')
  })
})

describe('several topics', () => {
  test('in one call share its concurrency, and are read side by side', async () => {
    const [a, b] = [await create(fresh('topic'), numbers(0, 5)), await create(fresh('topic'), numbers(0, 5))]
    const consumer = consumerOf(fresh('group'))
    const stop = new AbortController()
    const seen: string[] = []
    let [running, most] = [0, 0]
    consumer.each([a, b], { order: 'none', concurrency: 2 }, async ({ topic, value }) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      seen.push(`${topic} ${value}`)
      if (seen.length === 10) stop.abort()
    })
    await consumer.run({ signal: stop.signal })
    expect(seen.sort()).toEqual([...numbers(0, 5).map((n) => `${a} ${n}`), ...numbers(0, 5).map((n) => `${b} ${n}`)].sort())
    expect(most).toBe(2)
  })

  test('a pattern finds topics that are created later, leaves those that are deleted, and never reads internal ones', async () => {
    const prefix = fresh('pattern')
    await create(`${prefix}.a`, ['a'])
    await create(`${prefix}x`, ['not matched'])
    const consumer = consumerOf(fresh('group'), { topicsIntervalMs: 50 })
    const seen: string[] = []
    const got = new Map<string, () => void>()
    const handled = (value: string): Promise<void> => new Promise((resolve) => got.set(value, resolve))
    const first = handled('a')
    consumer.each([new RegExp(`^${prefix}\\.`, 'g'), /^__/], ({ topic, value }) => {
      seen.push(`${topic} ${value}`)
      got.get(value!.toString())?.()
    })
    const stop = new AbortController()
    const run = consumer.run({ signal: stop.signal })
    await first
    const second = handled('b')
    await create(`${prefix}.b`, ['b'])
    await second
    consumer.pause(`${prefix}.b`)
    expect(() => consumer.pause(`${prefix}x`)).toThrow('this consumer does not read topic')
    const left = until(consumer, (e) => e.kind === 'ended' && e.topic === `${prefix}.a`)
    await createAdmin(kafka).topics.delete(`${prefix}.a`)
    await left
    expect(consumer.positions().map((p) => p.topic)).toEqual([`${prefix}.b`])
    stop.abort()
    await run
    expect(seen).toEqual([`${prefix}.a a`, `${prefix}.b b`])
  })

  test('a topic belongs to the call that names it, then to the first pattern', async () => {
    const prefix = fresh('routes')
    for (const name of ['a', 'b', 'c']) await create(`${prefix}.${name}`, [name])
    const consumer = consumerOf(fresh('group'))
    const stop = new AbortController()
    const seen: string[] = []
    const see = (how: string) => (m: { value: Buffer | null }) => {
      seen.push(`${how} ${m.value}`)
      if (seen.length === 3) stop.abort()
    }
    consumer.each(new RegExp(`^${prefix}\\.[ab]`), see('first'))
    consumer.each(new RegExp(`^${prefix}\\.`), see('second'))
    consumer.each(`${prefix}.a`, see('named'))
    await consumer.run({ signal: stop.signal })
    expect(seen.sort()).toEqual(['first b', 'named a', 'second c'])
  })
})

describe('middleware', () => {
  test('runs around every call, the first outermost; without next() the record is done and not handled', async () => {
    const [name, group, stop] = [await create(fresh('topic'), ['keep', 'drop', 'keep']), fresh('group'), new AbortController()]
    const seen: string[] = []
    const consumer = consumerOf(group)
    consumer
      .use(async (message, _, next) => {
        seen.push(`outer ${message.offset}`)
        expect(await next()).toBe(message.offset === 1 ? undefined : 'handled')
        seen.push(`/outer ${message.offset}`)
        if (message.offset === 2) stop.abort()
      })
      .use((message, _, next) => (message.value!.toString() === 'drop' ? undefined : next()))
      .each(name, ({ offset }) => {
        seen.push(`handler ${offset}`)
        return 'handled'
      })
    await consumer.run({ signal: stop.signal })
    expect(seen).toEqual(['outer 0', 'handler 0', '/outer 0', 'outer 1', '/outer 1', 'outer 2', 'handler 2', '/outer 2'])
    expect(await committed(group)).toBe(3)
  })

  test('what it throws has failed; next() twice is refused; it has its own kind for batches', async () => {
    const [name, batched, group] = [await create(fresh('topic'), ['x']), await create(fresh('topic'), ['y']), fresh('group')]
    const errors: string[] = []
    const seen: string[] = []
    const consumer = consumerOf(group)
    consumer.use(async (_, context, next) => {
      if (context.attempt === 1) throw new Error('from middleware')
      await next()
      if (context.attempt === 2) await next()
    })
    consumer.use({ batches: (batch, _, next) => (seen.push(`around ${batch.messages.length}`), next()) })
    consumer.each(name, { retry: { attempts: 3, delayMs: 1 } }, ({ value }) => void seen.push(String(value)))
    consumer.batches(batched, () => void seen.push('batch'))
    const stop = new AbortController()
    const run = consumer.run({ signal: stop.signal })
    void (async () => {
      for await (const event of consumer.events) if (event.kind === 'retrying') errors.push((event.error as Error).message)
    })()
    const done = new Set<string>()
    await until(consumer, (e) => e.kind === 'committed' && e.offset === 1 && done.add(e.topic).size === 2)
    stop.abort()
    await run
    expect(errors).toEqual(['from middleware', expect.stringContaining('next() was called twice')])
    expect(seen.filter((s) => s === 'x')).toHaveLength(2)
    expect(seen.filter((s) => s.includes('ba') || s.includes('around'))).toEqual(['around 1', 'batch'])
    expect(() => consumer.use(() => {})).toThrow('before run() is called')
    expect(() => consumerOf('g').use({ eachs: () => {} } as never)).toThrow("did you mean 'each'?")
  })
})
