/** The runtime against a broker over real sockets: ours, or the one that TIDEMARK_TEST_BROKERS names. */
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, type Message } from '@tidemark/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Consumer, type ConsumerEvent, createConsumer } from './index.ts'
import type { ConsumerOptions } from './options.ts'

const given = process.env.TIDEMARK_TEST_BROKERS
let broker: Broker | undefined
let kafka: Kafka

beforeAll(async () => {
  if (given === undefined) broker = await startBroker({ data: ':memory:' })
  kafka = createKafka({ brokers: given?.split(',') ?? broker!.brokers, clientId: 'e2e' })
})

afterAll(async () => {
  await kafka.close()
  await broker?.close()
})

let names = 0
const fresh = (kind: string): string => `${kind}-${process.pid}-${names++}`

async function topicOf(partitions: number, values: readonly string[], key?: (value: string) => string): Promise<string> {
  const topic = fresh('topic')
  await createAdmin(kafka).topics.create(topic, { partitions })
  await using producer = createProducer(kafka)
  if (values.length > 0)
    await producer.send(
      topic,
      values.map((value) => ({ value, ...(key && { key: key(value) }) })),
    )
  return topic
}

const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i))

function consumerOf(group: string, options: Partial<ConsumerOptions> = {}): Consumer {
  const sessionTimeoutMs = given === undefined ? 2_000 : 6_000
  return createConsumer(kafka, { group, sessionTimeoutMs, heartbeatIntervalMs: 100, commit: { intervalMs: 50 }, ...options })
}

const textOf = (m: Message): string => m.value!.toString()

/** Runs the consumer until `count` values were handled, and returns them. */
async function handled(consumer: Consumer, topic: string, count: number): Promise<string[]> {
  const seen: string[] = []
  const stop = new AbortController()
  consumer.each(topic, {}, (m) => {
    seen.push(textOf(m))
    if (seen.length >= count) stop.abort()
  })
  await consumer.run({ signal: stop.signal })
  return seen
}

async function committed(group: string): Promise<number> {
  const offsets = await createAdmin(kafka).groups.offsets(group)
  return offsets.reduce((sum, o) => sum + o.offset, 0)
}

function until(consumer: Consumer, found: (event: ConsumerEvent) => boolean): Promise<void> {
  return (async () => {
    for await (const event of consumer.events) if (found(event)) return
    throw new Error('the consumer ended first')
  })()
}

test('a handler that never settles ends the run with HANDLER_STUCK at once, and what is done is committed', async () => {
  const topic = await topicOf(1, ['good', 'stuck'], (value) => value)
  const group = fresh('group')
  const consumer = consumerOf(group, { shutdownTimeoutMs: 600_000 })
  const settings = { order: 'key', timeoutMs: 50, timeoutGraceMs: 50, retry: { attempts: 1 } } as const
  consumer.each(topic, settings, (m) => (textOf(m) === 'stuck' ? new Promise(() => {}) : undefined))
  await expect(consumer.run()).rejects.toMatchObject({ code: 'HANDLER_STUCK', offset: 1 })
  expect(await committed(group)).toBe(1)
})

describe('a group', () => {
  test('goes on where it stopped', async () => {
    const topic = await topicOf(1, numbers(0, 10))
    const group = fresh('group')
    expect(await handled(consumerOf(group), topic, 10)).toEqual(numbers(0, 10))
    await using producer = createProducer(kafka)
    await producer.send(
      topic,
      numbers(10, 15).map((value) => ({ value })),
    )
    expect(await handled(consumerOf(group), topic, 5)).toEqual(numbers(10, 15))
    expect(await committed(group)).toBe(15)
  })

  test('shares out partitions when a member joins, drained and committed, so that nothing is done twice', async () => {
    const topic = await topicOf(4, [])
    const group = fresh('group')
    const seen: string[] = []
    const stop = new AbortController()
    const first = consumerOf(group)
    const second = consumerOf(group)
    const handler = async (m: Message): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      seen.push(textOf(m))
    }
    first.each(topic, { order: 'key', concurrency: 8 }, handler)
    second.each(topic, { order: 'key', concurrency: 8 }, handler)
    const both = [first.run({ signal: stop.signal })]
    await using producer = createProducer(kafka)
    await producer.send(
      topic,
      numbers(0, 200).map((value) => ({ key: value, value })),
    )
    const joined = until(second, (e) => e.kind === 'assigned')
    both.push(second.run({ signal: stop.signal }))
    await joined
    await producer.send(
      topic,
      numbers(200, 400).map((value) => ({ key: value, value })),
    )
    while (seen.length < 400) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(first.positions().length + second.positions().length).toBe(4)
    expect(second.positions()).toHaveLength(2)
    stop.abort()
    await Promise.all(both)
    expect([...seen].sort((a, b) => Number(a) - Number(b))).toEqual(numbers(0, 400))
    expect(await committed(group)).toBe(400)
  })

  test('a static member that comes back gets its partitions without a rebalance', async () => {
    const topic = await topicOf(2, numbers(0, 4))
    const group = fresh('group')
    let generation = 0
    for (let round = 0; round < 2; round++) {
      const consumer = consumerOf(group, { instanceId: 'one' })
      const stop = new AbortController()
      consumer.each(topic, {}, () => {})
      const joined = until(consumer, (e) => {
        if (e.kind !== 'joined') return false
        if (round === 1) expect(e.generation).toBe(generation)
        generation = e.generation
        return true
      })
      const run = consumer.run({ signal: stop.signal })
      await joined
      stop.abort()
      await run
    }
  })

  test('a static leader that comes back hands out what came while it was away, though it is told to assign nothing (KIP-814)', async () => {
    const [there, later] = [await topicOf(1, ['there']), fresh('topic')]
    const group = fresh('group')
    const begin = (instanceId: string, wanted: string) => {
      const consumer = consumerOf(group, { instanceId })
      for (const topic of [there, later]) consumer.each(topic, {}, () => {})
      const assigned = until(consumer, (e) => e.kind === 'assigned' && e.topic === wanted)
      const stop = new AbortController()
      const run = consumer.run({ signal: stop.signal })
      return assigned.then(() => () => (stop.abort(), run))
    }
    await (await begin('leader', there))()
    await createAdmin(kafka).topics.create(later, { partitions: 1 })
    await (await begin('leader', later))()
  })
})

test('a topic that is made after its consumer has started is worked on', async () => {
  const topic = fresh('topic')
  const consumer = consumerOf(fresh('group'))
  const joined = until(consumer, (e) => e.kind === 'joined')
  const seen = handled(consumer, topic, 1)
  await joined
  await createAdmin(kafka).topics.create(topic, { partitions: 1 })
  await using producer = createProducer(kafka)
  await producer.send(topic, { value: 'first' })
  expect(await seen).toEqual(['first'])
})

describe('where to begin', () => {
  test('latest skips what is there, a Date begins at it, fail refuses', async () => {
    const topic = await topicOf(1, numbers(0, 5))
    const boundary = new Date(Date.now() + 1_000)
    await using producer = createProducer(kafka)
    await producer.send(topic, { value: 'later', timestampMs: boundary.getTime() + 500 })
    expect(await handled(consumerOf(fresh('group'), { startFrom: boundary }), topic, 1)).toEqual(['later'])
    const latest = consumerOf(fresh('group'), { startFrom: 'latest' })
    const placed = until(latest, (e) => e.kind === 'assigned')
    const seen = handled(latest, topic, 1)
    await placed
    await producer.send(topic, { value: 'new' })
    expect(await seen).toEqual(['new'])
    const refusing = consumerOf(fresh('group'), { startFrom: 'fail' }).each(topic, {}, () => {})
    await expect(refusing.run()).rejects.toMatchObject({ code: 'NO_COMMITTED_OFFSET', topic, partition: 0 })
  })

  test('a position outside the log is an error that names it, unless the consumer was told where to go (trap of silent resets)', async () => {
    const topic = await topicOf(1, numbers(0, 3))
    for (const outOfRange of ['fail', 'earliest'] as const) {
      const consumer = consumerOf(fresh('group'), { outOfRange })
      const stop = new AbortController()
      const seen: string[] = []
      consumer.each(topic, {}, (m) => {
        seen.push(textOf(m))
        if (seen.length === 1) void consumer.seek(topic, 0, 1_000)
        if (seen.length === 4) stop.abort()
      })
      const run = consumer.run({ signal: stop.signal })
      if (outOfRange === 'fail') await expect(run).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', topic, partition: 0 })
      else await run
      if (outOfRange === 'earliest') expect(seen.slice(-3)).toEqual(numbers(0, 3))
    }
  })
})

describe('moving about', () => {
  test('seek reads again from there, and the commit follows', async () => {
    const topic = await topicOf(1, numbers(0, 6))
    const group = fresh('group')
    const consumer = consumerOf(group)
    const stop = new AbortController()
    const seen: string[] = []
    consumer.each(topic, {}, async (m) => {
      seen.push(textOf(m))
      if (seen.length === 6) await consumer.seek(topic, 0, 2)
      if (seen.length === 10) stop.abort()
    })
    await consumer.run({ signal: stop.signal })
    expect(seen).toEqual([...numbers(0, 6), ...numbers(2, 6)])
    expect(await committed(group)).toBe(6)
  })

  test('pause stops one partition and loses nothing of it, resume goes on (T9)', async () => {
    const topic = await topicOf(2, [])
    await using producer = createProducer(kafka)
    for (const partition of [0, 1])
      await producer.send(
        topic,
        numbers(0, 50).map((value) => ({ value, partition })),
      )
    const consumer = consumerOf(fresh('group'))
    const stop = new AbortController()
    const seen: [string[], string[]] = [[], []]
    let whilePaused: number | undefined
    const paused = Promise.withResolvers<void>()
    consumer.each(topic, {}, async (m) => {
      if (m.partition === 1) await paused.promise
      seen[m.partition as 0 | 1].push(textOf(m))
      if (m.partition === 0 && seen[0].length === 5) {
        consumer.pause(topic, [0])
        paused.resolve()
      }
      if (seen[1].length === 50 && whilePaused === undefined) {
        whilePaused = seen[0].length
        consumer.resume(topic, [0])
      }
      if (seen[0].length + seen[1].length === 100) stop.abort()
    })
    await consumer.run({ signal: stop.signal })
    expect(whilePaused).toBe(5)
    expect(seen).toEqual([numbers(0, 50), numbers(0, 50)])
  })
})

describe('failures', () => {
  test('exhausted attempts stop the run with HANDLER_FAILED; what was done is committed, the record is not (T12)', async () => {
    const topic = await topicOf(1, numbers(0, 10))
    const group = fresh('group')
    const consumer = consumerOf(group)
    let attempts = 0
    consumer.each(topic, { retry: { attempts: 3, delayMs: 1 } }, (m) => {
      if (m.offset !== 4) return
      attempts++
      throw new Error('cannot')
    })
    await expect(consumer.run()).rejects.toMatchObject({ code: 'HANDLER_FAILED', topic, partition: 0, offset: 4 })
    expect(attempts).toBe(3)
    expect(await committed(group)).toBe(4)
    expect(await handled(consumerOf(group), topic, 6)).toEqual(numbers(4, 10))
  })
})

describe('what is committed', () => {
  test('a record whose next attempt is waited for is not committed by a shutdown (T12)', async () => {
    const topic = await topicOf(1, numbers(0, 4))
    const group = fresh('group')
    const consumer = consumerOf(group)
    const stop = new AbortController()
    consumer.each(topic, { retry: { attempts: 100, delayMs: 60_000, delayMaxMs: 60_000 } }, (m) => {
      if (m.offset === 2) throw new Error('not now')
    })
    const waiting = until(consumer, (e) => e.kind === 'retrying')
    const run = consumer.run({ signal: stop.signal })
    await waiting
    stop.abort()
    await run
    expect(await committed(group)).toBe(2)
  })

  test('nothing before its handler has finished, however long that takes (T13)', async () => {
    const topic = await topicOf(1, numbers(0, 2))
    const group = fresh('group')
    const consumer = consumerOf(group)
    const gate = Promise.withResolvers<void>()
    const stop = new AbortController()
    consumer.each(topic, { order: 'none' }, async (m) => {
      if (m.offset === 0) await gate.promise
    })
    const run = consumer.run({ signal: stop.signal })
    await until(consumer, (e) => e.kind === 'assigned')
    while (consumer.positions()[0]?.doneAhead !== 1) await new Promise((resolve) => setTimeout(resolve, 1))
    await consumer.commit()
    expect(await committed(group)).toBe(0)
    expect(consumer.explain()[0]!.because).toBe('offset 0 is running (attempt 1); records above it that are done: 1')
    gate.resolve()
    stop.abort()
    await run
    expect(await committed(group)).toBe(2)
  })

  test('the leader epoch of the last record goes with the offset (T16)', async () => {
    const topic = await topicOf(1, numbers(0, 3))
    const group = fresh('group')
    let epoch = -1
    const consumer = consumerOf(group)
    const stop = new AbortController()
    consumer.each(topic, {}, (m) => {
      epoch = m.leaderEpoch
      if (m.offset === 2) stop.abort()
    })
    await consumer.run({ signal: stop.signal })
    expect(epoch).toBeGreaterThanOrEqual(0)
    expect(await createAdmin(kafka).groups.offsets(group)).toMatchObject([{ offset: 3, leaderEpoch: epoch }])
  })

  test('every partition that was worked on, not only the last one (T18)', async () => {
    const topic = await topicOf(3, [])
    await using producer = createProducer(kafka)
    for (const partition of [0, 1, 2])
      await producer.send(
        topic,
        numbers(0, 5 + partition).map((value) => ({ value, partition })),
      )
    const group = fresh('group')
    await handled(consumerOf(group), topic, 18)
    const offsets = await createAdmin(kafka).groups.offsets(group)
    expect(offsets.map((o) => o.offset)).toEqual([5, 6, 7])
  })

  test('by members that never had the group before, from what the group has on record, also with startFrom latest (T10)', async () => {
    const topic = await topicOf(1, numbers(0, 10))
    const group = fresh('group')
    await handled(consumerOf(group), topic, 4)
    expect(await handled(consumerOf(group, { startFrom: 'latest' }), topic, 6)).toEqual(numbers(4, 10))
  })
})

describe('a rebalance', () => {
  test('leaves a partition paused that is kept through it (T6)', async () => {
    const topic = await topicOf(2, [])
    const group = fresh('group')
    const first = consumerOf(group)
    const second = consumerOf(group)
    const seen: number[] = []
    const stop = new AbortController()
    first.each(topic, {}, (m) => void seen.push(m.partition))
    second.each(topic, {}, () => {})
    const runs = [first.run({ signal: stop.signal })]
    await until(first, (e) => e.kind === 'assigned')
    while (first.positions().length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    first.pause(topic)
    const joined = until(second, (e) => e.kind === 'assigned')
    runs.push(second.run({ signal: stop.signal }))
    await joined
    const [kept] = first.positions()
    expect(kept).toMatchObject({ paused: true })
    await using producer = createProducer(kafka)
    await producer.send(topic, { value: 'x', partition: kept!.partition })
    await producer.send(topic, { value: 'x', partition: 1 - kept!.partition })
    while ((await committed(group)) < 1) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(seen).toEqual([])
    first.resume(topic)
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    stop.abort()
    await Promise.all(runs)
  })
})

test('a topic that was deleted and created again is another topic: its old positions are not carried over, nor committed at the end (T4)', async () => {
  const topic = await topicOf(1, numbers(0, 8))
  const group = fresh('group')
  const consumer = consumerOf(group, { commit: { intervalMs: 60_000 } }) // the only commit is that of the shutdown
  const done = Promise.withResolvers<void>()
  const startedAnew = Promise.withResolvers<'started anew'>()
  const seen: string[] = []
  consumer.each(topic, {}, (m) => {
    seen.push(textOf(m))
    if (seen.length === 8) done.resolve()
    if (seen.length === 11) startedAnew.resolve('started anew')
  })
  const stop = new AbortController()
  const run = consumer.run({ signal: stop.signal })
  const refused = run.catch((error: unknown) => error)
  await done.promise
  const admin = createAdmin(kafka)
  await admin.topics.delete(topic)
  await admin.topics.create(topic, { partitions: 1 })
  await using producer = createProducer(kafka)
  await producer.send(
    topic,
    numbers(0, 3).map((value) => ({ value: `new-${value}` })),
  )
  // A member that saw the topic go gives the partition up and begins the new one; one that did not is told that it
  // was replaced.
  const outcome = await Promise.race([refused, startedAnew.promise])
  if (outcome === 'started anew') {
    stop.abort()
    await run
    expect(seen.slice(8)).toEqual(['new-0', 'new-1', 'new-2'])
  } else expect(outcome).toBeInstanceOf(Error)
  expect(await committed(group)).toBeLessThanOrEqual(3)
  expect(await handled(consumerOf(fresh('group')), topic, 3)).toEqual(['new-0', 'new-1', 'new-2'])
})

describe('batches', () => {
  test('hand over records of one partition in order, and commit them as a whole', async () => {
    const topic = await topicOf(1, numbers(0, 25))
    const group = fresh('group')
    const consumer = consumerOf(group)
    const stop = new AbortController()
    const batches: string[][] = []
    consumer.batches(topic, { recordsMax: 10, waitMaxMs: 20 }, async ({ messages }) => {
      batches.push(messages.map(textOf))
      if (batches.flat().length === 25) stop.abort()
    })
    await consumer.run({ signal: stop.signal })
    expect(batches.map((b) => b.length)).toEqual([10, 10, 5])
    expect(batches.flat()).toEqual(numbers(0, 25))
    expect(await committed(group)).toBe(25)
  })
})

describe('commit modes', () => {
  test('manual: what its handler did not commit comes again', async () => {
    const topic = await topicOf(1, numbers(0, 3))
    const group = fresh('group')
    const consumer = consumerOf(group, { commit: { mode: 'manual', intervalMs: 50 } })
    const stop = new AbortController()
    consumer.each(topic, {}, async (m, context) => {
      if (m.offset === 0) await context.commit()
      if (m.offset === 2) stop.abort()
    })
    await consumer.run({ signal: stop.signal })
    expect(await committed(group)).toBe(1)
    expect(await handled(consumerOf(group), topic, 2)).toEqual(['1', '2'])
  })
})

test('a broker that is not there is an error that says what to do', async () => {
  const nowhere = createKafka({ brokers: ['127.0.0.1:1'], requestTimeoutMs: 300, connectTimeoutMs: 300 })
  await expect(createAdmin(nowhere).topics.list()).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringContaining('127.0.0.1:1'),
  })
  await nowhere.close()
})
