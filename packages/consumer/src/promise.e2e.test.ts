// biome-ignore-all lint/suspicious/noThenProperty: thenables are what is tested
/**
 * The first sentence of the README, tried as a sceptical reader would: the committed offset is always true. Each test
 * is named after a way in which it once was not. The broker is ours, in this process; a slow or refusing one is made
 * of its answers.
 */
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { type Clock, nodePlatform, type Timer } from '@tidemark/platform'
import { ErrorCode, type ErrorName } from '@tidemark/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Consumer, type ConsumerEvent, type ConsumerOptions, createConsumer, type TidemarkError } from './index.ts'

let broker: Broker
const closing: (() => Promise<void>)[] = []

beforeEach(async () => {
  broker = await startBroker({ data: ':memory:' })
})

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await broker.close()
})

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

interface Sent {
  readonly name: string
  readonly answer: () => Promise<any>
}

/** A client whose requests pass through `between`: it may hold an answer back, or give another one. */
function clientOf(between: (sent: Sent) => Promise<any> = (sent) => sent.answer(), clock: Clock = nodePlatform.clock): Kafka {
  const kafka = createKafka({ brokers: broker.brokers, logger: quiet, platform: { ...nodePlatform, clock } })
  const { cluster } = kafka as unknown as { cluster: { send: (...args: any[]) => Promise<any> } }
  const send = cluster.send.bind(cluster)
  cluster.send = (api, ...rest) => between({ name: api.name, answer: () => send(api, ...rest) })
  closing.push(() => kafka.close())
  return kafka
}

async function topicOf(kafka: Kafka, partitions: number, values: readonly string[]): Promise<void> {
  await createAdmin(kafka).topics.create('t', { partitions })
  await produce(kafka, partitions, values)
}

async function produce(kafka: Kafka, partitions: number, values: readonly string[]): Promise<void> {
  await using producer = createProducer(kafka)
  for (let partition = 0; partition < partitions; partition++) {
    for (const value of values) await producer.send('t', { key: value, value, partition })
  }
}

function consumerOf(kafka: Kafka, options: Partial<ConsumerOptions> = {}): Consumer {
  const consumer = createConsumer(kafka, {
    group: 'g',
    sessionTimeoutMs: 5_000,
    heartbeatIntervalMs: 50,
    shutdownTimeoutMs: 2_000,
    commit: { intervalMs: 20 },
    ...options,
  })
  closing.push(() => consumer.close())
  return consumer
}

/** Begins a run whose outcome is asked for later. */
function begin(consumer: Consumer, signal?: AbortSignal): Promise<string> {
  return consumer.run({ signal }).then(
    () => 'resolved',
    (error: TidemarkError) => error.code ?? String(error),
  )
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2))
}

const isDraining = (consumer: Consumer): boolean => consumer.explain().some((e) => e.because.includes('being given up'))

async function onRecord(kafka: Kafka): Promise<Record<number, number>> {
  const offsets = await createAdmin(kafka).groups.offsets('g')
  return Object.fromEntries(offsets.map((o) => [o.partition, o.offset]))
}

describe('one partition has one owner (1)', () => {
  test('though a seek is answered while the partition is being given up', async () => {
    let hold = false
    const held: (() => void)[] = []
    const [slow, other] = [
      clientOf(async ({ name, answer }) => {
        const result = await answer()
        if (hold && name === 'ListOffsets') await new Promise<void>((resolve) => held.push(resolve))
        return result
      }),
      clientOf(),
    ]
    await topicOf(other, 2, ['first'])
    const seen: Record<'a' | 'b', string[]> = { a: [], b: [] }
    const gate = Promise.withResolvers<void>()
    const [a, b] = [consumerOf(slow), consumerOf(other)]
    a.each('t', {}, async (m) => {
      seen.a.push(`${m.partition}:${m.value}`)
      await gate.promise
    })
    b.each('t', {}, (m) => void seen.b.push(`${m.partition}:${m.value}`))
    void begin(a)
    await until(() => seen.a.length === 2)
    hold = true
    for (const partition of [0, 1]) a.seek('t', partition, 'earliest').catch(() => {})
    await until(() => held.length === 2)
    void begin(b)
    await until(() => isDraining(a))
    for (const go of held) go()
    gate.resolve()
    await until(() => b.positions().length === 1 && a.positions().length === 1)
    expect(a.positions()[0]!.partition).not.toBe(b.positions()[0]!.partition)
    await produce(other, 2, ['second'])
    const second = (list: string[]) => list.filter((line) => line.endsWith('second'))
    await until(() => second(seen.a).length + second(seen.b).length >= 2)
    expect([second(seen.a).length, second(seen.b).length]).toEqual([1, 1])
  })
})

describe('run() resolves only if what was done is on record (2)', () => {
  test('every commit is refused: COMMIT_FAILED, with the partitions and where they are on record', async () => {
    const kafka = clientOf(async ({ name, answer }) =>
      name === 'OffsetCommit' ? withCodes(await answer(), 'TOPIC_AUTHORIZATION_FAILED') : answer(),
    )
    await topicOf(kafka, 1, ['x'])
    // No commit before the record is done: a member commits where it begins, too.
    const consumer = consumerOf(kafka, { commit: { intervalMs: 60_000, recordsMax: 1 } }).each('t', {}, () => {})
    await expect(consumer.run()).rejects.toMatchObject({
      code: 'COMMIT_FAILED',
      partitions: [{ topic: 't', partition: 0, offset: 0 }],
      cause: { code: 'TOPIC_AUTHORIZATION_FAILED' },
    })
  })

  test('the commit of where it begins is refused while the first record is handled: COMMIT_FAILED too', async () => {
    const kafka = clientOf(async ({ name, answer }) =>
      name === 'OffsetCommit' ? withCodes(await answer(), 'TOPIC_AUTHORIZATION_FAILED') : answer(),
    )
    await topicOf(kafka, 1, ['x'])
    const consumer = consumerOf(kafka)
    const refused = (async () => {
      for await (const event of consumer.events) if (event.kind === 'commitRefused') return
    })()
    consumer.each('t', {}, () => refused)
    await expect(consumer.run()).rejects.toMatchObject({
      code: 'COMMIT_FAILED',
      partitions: [{ topic: 't', partition: 0, offset: 0 }],
      cause: { code: 'TOPIC_AUTHORIZATION_FAILED' },
    })
  })

  test('the commit of where it begins is refused, and nothing is done: what refused it', async () => {
    const kafka = clientOf(async ({ name, answer }) =>
      name === 'OffsetCommit' ? withCodes(await answer(), 'TOPIC_AUTHORIZATION_FAILED') : answer(),
    )
    await topicOf(kafka, 1, [])
    const consumer = consumerOf(kafka).each('t', {}, () => {})
    await expect(consumer.run()).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED', topic: 't', partition: 0, offset: 0 })
  })

  test('the broker is gone at the shutdown', async () => {
    const kafka = clientOf()
    await topicOf(kafka, 1, ['x'])
    let handled = 0
    const consumer = consumerOf(kafka, { commit: { intervalMs: 60_000 }, shutdownTimeoutMs: 500 }).each('t', {}, () => void handled++)
    const run = begin(consumer)
    await until(() => handled === 1)
    await broker.close()
    await consumer.close()
    expect(await run).toBe('COMMIT_FAILED')
  })

  test('the Kafka handle is closed under the consumer', async () => {
    const kafka = clientOf()
    await topicOf(kafka, 1, ['x'])
    let handled = 0
    const consumer = consumerOf(kafka, { commit: { intervalMs: 60_000 } }).each('t', {}, () => void handled++)
    const run = begin(consumer)
    await until(() => handled === 1)
    await kafka.close()
    expect(await run).toBe('COMMIT_FAILED')
  })

  test('nothing was done, and the Kafka handle is closed: CLOSED, at once', async () => {
    const kafka = clientOf()
    await topicOf(kafka, 1, [])
    const consumer = consumerOf(kafka).each('t', {}, () => {})
    const run = begin(consumer)
    await until(() => consumer.positions().length === 1)
    await kafka.close()
    expect(await run).toBe('CLOSED')
  })
})

describe('context.commit() (3)', () => {
  test('of a claim that a seek ended rejects COMMIT_FENCED', async () => {
    const kafka = clientOf()
    await topicOf(kafka, 1, ['x'])
    const outcome = Promise.withResolvers<string>()
    let calls = 0
    const consumer = consumerOf(kafka, { commit: 'manual' })
    consumer.each('t', {}, async (_, context) => {
      if (calls++ > 0) return
      await consumer.seek('t', 0, 0)
      context.commit().then(
        () => outcome.resolve('resolved'),
        (error: TidemarkError) => outcome.resolve(error.code),
      )
    })
    void begin(consumer)
    expect(await outcome.promise).toBe('COMMIT_FENCED')
    expect(await onRecord(kafka)).toEqual({})
  })

  test('has a time limit', async () => {
    const kafka = clientOf(({ name, answer }) => (name === 'OffsetCommit' ? new Promise(() => {}) : answer()))
    await topicOf(kafka, 1, ['x'])
    const outcome = Promise.withResolvers<string>()
    const consumer = consumerOf(kafka, { commit: 'manual', shutdownTimeoutMs: 100 })
    consumer.each('t', {}, async (_, context) => {
      await context.commit({ timeoutMs: 50 }).catch((error: TidemarkError) => outcome.resolve(error.code))
    })
    void begin(consumer)
    expect(await outcome.promise).toBe('COMMIT_FAILED')
  })
})

test('an answer of a broker that does not coordinate the group is not a sign of life (5)', async () => {
  let mode: 'normal' | 'silent' | 'elsewhere' = 'normal'
  const waiting: (() => void)[] = []
  const [a, b] = [
    clientOf(async ({ name, answer }) => {
      if (name !== 'Heartbeat' && name !== 'OffsetCommit') return await answer()
      if (mode === 'silent') await new Promise<void>((resolve) => waiting.push(resolve))
      if (mode === 'elsewhere' && name === 'Heartbeat') return { version: 4, bytes: 0, body: { throttleTimeMs: 0, errorCode: 16 } }
      return await answer()
    }),
    clientOf(),
  ]
  await topicOf(b, 1, ['x'])
  const handled: string[] = []
  const settings = { sessionTimeoutMs: 500, heartbeatIntervalMs: 100 }
  const first = consumerOf(a, settings).each('t', {}, (m) => void handled.push(`a${m.offset}`))
  void begin(first)
  await until(() => handled.length === 1)
  mode = 'silent'
  const second = consumerOf(b, settings).each('t', {}, (m) => void handled.push(`b${m.offset}`))
  void begin(second)
  await until(() => second.positions().length === 1)
  await produce(b, 1, ['y'])
  await until(() => handled.includes('b1'))
  mode = 'elsewhere'
  for (const go of waiting.splice(0)) go()
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, 50) // time for what must not happen
  await promise
  expect(handled).not.toContain('a1')
  mode = 'normal'
})

test('one record has one call at a time, though its time is over (6)', async () => {
  const kafka = clientOf()
  await topicOf(kafka, 1, ['x'])
  let [running, most, calls] = [0, 0, 0]
  const consumer = consumerOf(kafka)
  consumer.each('t', { order: 'key', concurrency: 1, timeoutMs: 20, retry: { attempts: 3, delayMs: 1 } }, async () => {
    most = Math.max(most, ++running)
    calls++
    await new Promise((resolve) => setTimeout(resolve, 100))
    running--
  })
  expect(await begin(consumer)).toBe('HANDLER_FAILED')
  expect([calls, most]).toEqual([3, 1])
})

test('draining ends before the coordinator loses its patience, counted from the beginning of the rebalance (7)', async () => {
  const [a, b] = [clientOf(), clientOf()]
  await topicOf(a, 2, ['x'])
  const options = { rebalanceTimeoutMs: 2_000, heartbeatIntervalMs: 1_000, sessionTimeoutMs: 20_000, assignors: ['range' as const] }
  const order: string[] = []
  const first = consumerOf(a, options)
  let started = 0
  first.each('t', {}, (_, context) => {
    started++
    return new Promise<void>((resolve) =>
      context.signal.addEventListener('abort', () => {
        order.push(`a is told: ${context.signal.reason}`)
        resolve()
      }),
    )
  })
  void begin(first)
  await until(() => started === 2)
  const second = consumerOf(b, options).each('t', {}, (m) => void order.push(`b handles ${m.partition}`))
  void begin(second)
  await until(() => order.some((line) => line.startsWith('b')))
  expect(order.slice(0, 2)).toEqual(['a is told: revoked', 'a is told: revoked'])
})

test('a stop in the middle of a revocation leaves no timer behind that keeps the process alive (8)', async () => {
  const pending = new Set<object>()
  const clock: Clock = {
    ...nodePlatform.clock,
    schedule(delayMs, call): Timer {
      const key = {}
      pending.add(key)
      const timer = nodePlatform.clock.schedule(delayMs, () => {
        pending.delete(key)
        call()
      })
      return { cancel: () => (pending.delete(key), timer.cancel()) }
    },
  }
  const [a, b] = [clientOf(undefined, clock), clientOf()]
  await topicOf(b, 2, ['x'])
  const options = { rebalanceTimeoutMs: 20_000, sessionTimeoutMs: 10_000, heartbeatIntervalMs: 100 }
  const releases: (() => void)[] = []
  const first = consumerOf(a, options).each('t', {}, () => new Promise<void>((resolve) => releases.push(resolve)))
  const stop = new AbortController()
  const run = begin(first, stop.signal)
  await until(() => releases.length === 2)
  const second = consumerOf(b, options).each('t', {}, () => {})
  void begin(second)
  await until(() => isDraining(first))
  stop.abort()
  for (const release of releases) release()
  expect(await run).toBe('resolved')
  await a.close()
  expect(pending.size).toBe(0)
})

describe('numbers and times of a caller (9, 10)', () => {
  test('a negative offset never becomes a commit', async () => {
    const kafka = clientOf()
    await topicOf(kafka, 1, ['x', 'y'])
    let handled = 0
    const consumer = consumerOf(kafka).each('t', {}, () => void handled++)
    const run = begin(consumer)
    await until(() => handled === 2)
    for (const offset of [-1, Number.NaN, 1.5])
      await expect(consumer.seek('t', 0, offset)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await consumer.close()
    expect(await run).toBe('resolved')
    expect(await onRecord(kafka)).toEqual({ 0: 2 })
  })

  test('a zero date of another language is refused, not taken for the end of the log', () => {
    expect(() => consumerOf(clientOf(), { startFrom: new Date('0001-01-01') })).toThrow("option 'startFrom' is 0001-01-01")
  })
})

test('whatever a handler returns, its call settles once (13)', async () => {
  const kafka = clientOf()
  await topicOf(kafka, 1, ['0', '1', '2'])
  const results = [
    {
      then: () => {
        throw new Error('no')
      },
    },
    { then: (resolve: () => void) => (resolve(), resolve()) },
    Object.assign(() => {}, { then: (resolve: () => void) => resolve() }),
  ]
  const stop = new AbortController()
  const consumer = consumerOf(kafka)
  let running: number | undefined
  consumer.each('t', { exhausted: 'skip', retry: { attempts: 1 } }, (m) => {
    if (m.offset === 2) {
      running = consumer.positions()[0]!.running
      stop.abort()
    }
    return results[m.offset]
  })
  expect(await begin(consumer, stop.signal)).toBe('resolved')
  expect(running).toBe(1)
  expect(await onRecord(kafka)).toEqual({ 0: 3 })
})

test('a pause is a wish: it may come before the assignment, and holds when a partition comes back (14)', async () => {
  const [a, b] = [clientOf(), clientOf()]
  await topicOf(a, 2, ['x'])
  const seen: string[] = []
  const first = consumerOf(a).each('t', {}, (m) => void seen.push(`a${m.partition}`))
  first.pause('t')
  void begin(first)
  await until(() => first.positions().length === 2)
  const second = consumerOf(b).each('t', {}, () => new Promise(() => {}))
  void begin(second)
  await until(() => second.positions().length === 1 && first.positions().length === 1)
  await second.close({ timeoutMs: 100 })
  await until(() => first.positions().length === 2)
  expect(first.positions().map((p) => p.paused)).toEqual([true, true])
  expect(seen).toEqual([])
  first.resume('t')
  await until(() => seen.length === 2)
})

test('what is done is on record when a rebalance begins, though the group turns eager (15)', async () => {
  const [a, b] = [clientOf(), clientOf()]
  await topicOf(a, 2, ['0', '1', '2', '3'])
  const seen: string[] = []
  const handler = (m: { partition: number; offset: number }): void => void seen.push(`${m.partition}:${m.offset}`)
  const first = consumerOf(a, { commit: { intervalMs: 60_000 } }).each('t', {}, handler)
  void begin(first)
  await until(() => seen.length === 8)
  const eager = consumerOf(b, { assignors: ['range'] }).each('t', {}, handler)
  void begin(eager)
  await until(() => eager.positions().length === 1)
  await produce(b, 2, ['4'])
  await until(() => seen.includes('0:4') && seen.includes('1:4'))
  expect([...seen].sort()).toEqual([...new Set(seen)].sort())
})

describe('memory (16, 17)', () => {
  test('a stuck key stops its partition at the limits that the options name, not after two responses', async () => {
    const kafka = clientOf()
    await createAdmin(kafka).topics.create('t', { partitions: 1 })
    const producer = createProducer(kafka)
    const value = Buffer.alloc(1_000)
    for (let i = 0; i < 20_000; i++) {
      void producer.send('t', { key: i % 2 ? 'stuck' : 'free', value })
      if (i % 1_000 === 0) await producer.flush()
    }
    await producer.close()
    let free = 0
    const consumer = consumerOf(kafka, { shutdownTimeoutMs: 50 })
    consumer.each('t', { order: 'key', concurrency: 100 }, (m) => (m.key!.toString() === 'stuck' ? new Promise(() => {}) : void free++))
    void begin(consumer)
    await until(() => free === 10_000)
  })

  test('handlers that go on cost no copy of the records that wait', async () => {
    const kafka = clientOf()
    await createAdmin(kafka).topics.create('t', { partitions: 1 })
    await using producer = createProducer(kafka)
    const keys = 20
    await producer.send(
      't',
      Array.from({ length: 4_000 }, (_, i) => ({ key: `k${i % keys}`, value: Buffer.alloc(1_000) })),
    )
    let copied = 0
    let handled = 0
    const consumer = consumerOf(kafka, { partitionBytesMax: 100_000 })
    // More slots than keys: some are always free, and every key always has records that wait.
    consumer.each('t', { order: 'key', concurrency: 2 * keys }, async ({ value }) => {
      // A view keeps its whole response.
      if (value!.buffer.byteLength < 90_000) copied++
      await new Promise((resolve) => setTimeout(resolve, 5))
      handled++
    })
    void begin(consumer)
    await until(() => handled === 4_000)
    expect(copied).toBe(0)
  })

  test('a key that is stuck does not end its partition while another one keeps the worker busy', async () => {
    const kafka = clientOf()
    await createAdmin(kafka).topics.create('t', { partitions: 2 })
    await using producer = createProducer(kafka)
    // Every response of partition 0 has a record of the key that is stuck.
    const batch = (partition: number, keyOf: (i: number) => string) =>
      producer.send(
        't',
        Array.from({ length: 100 }, (_, i) => ({ partition, key: keyOf(i), value: Buffer.alloc(900) })),
      )
    const [held, busy] = [6, 30]
    for (let n = 0; n < busy; n++) await batch(1, (i) => `k${i % 50}`)
    for (let n = 0; n < held; n++) await batch(0, (i) => (i === 0 ? 'stuck' : `k${n} ${i}`))
    const handled = [0, 0]
    const consumer = consumerOf(kafka, { partitionBytesMax: 100_000 })
    consumer.each('t', { order: 'key', concurrency: 4 }, async ({ partition, offset }) => {
      if (partition === 0 && offset === 0) await new Promise(() => {})
      await new Promise((resolve) => setTimeout(resolve, 5))
      handled[partition]!++
    })
    void begin(consumer)
    await until(() => handled[0] === held * 99)
    expect(handled[1]).toBeLessThan(busy * 100)
  })

  test('a listener on context.signal that is never removed dies with its call', async () => {
    const kafka = clientOf()
    await topicOf(
      kafka,
      1,
      Array.from({ length: 50 }, (_, i) => String(i)),
    )
    const signals = new Set<AbortSignal>()
    const stop = new AbortController()
    let aborted = 0
    const consumer = consumerOf(kafka)
    consumer.each('t', {}, async (m, { signal }) => {
      signals.add(signal)
      signal.addEventListener('abort', () => aborted++)
      if (m.offset === 49) stop.abort()
    })
    expect(await begin(consumer, stop.signal)).toBe('resolved')
    expect([signals.size, aborted]).toEqual([50, 0])
  })
})

test('manual commits from outside set a full intake going again', async () => {
  const kafka = clientOf()
  await topicOf(
    kafka,
    1,
    Array.from({ length: 300 }, (_, i) => String(i)),
  )
  let handled = 0
  const consumer = consumerOf(kafka, { commit: 'manual', uncommittedRecordsMax: 50, partitionBytesMax: 1_000 })
  consumer.each('t', () => void handled++)
  void begin(consumer)
  while (handled < 300) {
    await until(() => consumer.positions().length === 1)
    await consumer.commit()
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
})

test('after close() nothing is started, though another member holds the rebalance up', async () => {
  let hold = false
  const kafka = clientOf(({ name, answer }) => (name === 'JoinGroup' && hold ? new Promise(() => {}) : answer()))
  await topicOf(
    kafka,
    1,
    Array.from({ length: 50 }, (_, i) => String(i)),
  )
  let handled = 0
  const gate: (() => void)[] = []
  const consumer = consumerOf(kafka)
  consumer.each('t', () => {
    handled++
    return new Promise<void>((resolve) => gate.push(resolve))
  })
  void begin(consumer)
  await until(() => handled === 1)
  hold = true
  const other = consumerOf(clientOf()).each('t', () => {})
  void begin(other)
  await until(() => gate.length === 1)
  const closed = consumer.close({ timeoutMs: 1_000 })
  for (const resolve of gate) resolve()
  await closed
  expect(handled).toBe(1)
})

describe('nothing is silent', () => {
  test('close() in what a handler left behind is not in the handler', async () => {
    const kafka = clientOf()
    await topicOf(kafka, 1, ['x'])
    const outcome = Promise.withResolvers<string>()
    const consumer = consumerOf(kafka)
    consumer.each('t', async () => {
      setTimeout(() => {
        consumer.close().then(
          () => outcome.resolve('closed'),
          (error: TidemarkError) => outcome.resolve(error.code),
        )
      }, 5)
    })
    void begin(consumer)
    expect(await outcome.promise).toBe('closed')
  })

  test('close() inside a handler is refused at once', async () => {
    const kafka = clientOf()
    await topicOf(kafka, 1, ['x'])
    const outcome = Promise.withResolvers<string>()
    const consumer = consumerOf(kafka)
    consumer.each('t', {}, async () => {
      await null
      await consumer.close().catch((error: TidemarkError) => outcome.resolve(error.code))
    })
    void begin(consumer)
    expect(await outcome.promise).toBe('CLOSE_IN_HANDLER')
  })

  test('a topic that does not exist is an event, and is read once it does', async () => {
    const kafka = clientOf()
    const events: ConsumerEvent[] = []
    let handled = 0
    const consumer = consumerOf(kafka).each('t', {}, () => void handled++)
    void (async () => {
      for await (const event of consumer.events) events.push(event)
    })()
    void begin(consumer)
    await until(() => events.some((e) => e.kind === 'topicMissing'))
    await topicOf(kafka, 1, ['x'])
    await until(() => handled === 1)
  })

  test('a group that the broker refuses for good ends the run with its code', async () => {
    const kafka = clientOf(async ({ name, answer }) =>
      name === 'JoinGroup' ? { ...(await answer()), body: { errorCode: ErrorCode.POLICY_VIOLATION } } : answer(),
    )
    await topicOf(kafka, 1, [])
    expect(await begin(consumerOf(kafka).each('t', {}, () => {}))).toBe('POLICY_VIOLATION')
  })

  test('a seek on every assigned event is one event, and does not run in a circle', async () => {
    const kafka = clientOf()
    await topicOf(kafka, 1, ['x'])
    const kinds: string[] = []
    const consumer = consumerOf(kafka)
    const stop = new AbortController()
    let handled = 0
    consumer.each('t', {}, () => {
      if (++handled === 2) stop.abort()
    })
    void (async () => {
      for await (const event of consumer.events) {
        kinds.push(event.kind)
        if (event.kind === 'assigned' || (event.kind as string) === 'seeked') await null
        if (event.kind === 'assigned') await until(() => handled > 0).then(() => consumer.seek('t', 0, 0))
      }
    })()
    expect(await begin(consumer, stop.signal)).toBe('resolved')
    expect(kinds.filter((kind) => kind === 'assigned')).toHaveLength(1)
    expect(kinds.filter((kind) => kind === 'seeked')).toHaveLength(1)
  })
})

/** The answer with this error for every partition. */
function withCodes(answer: any, name: ErrorName): any {
  const topics = answer.body.topics.map((t: any) => ({
    ...t,
    partitions: t.partitions.map((p: any) => ({ ...p, errorCode: ErrorCode[name] })),
  }))
  return { ...answer, body: { ...answer.body, topics } }
}

describe('a replay ends', () => {
  /** A client that no Fetch answers once `hold` is called. */
  function unanswering(): { kafka: Kafka; hold: () => void; isHeld: () => boolean } {
    let isHolding = false
    let held = 0
    const kafka = clientOf(async ({ name, answer }) => {
      if (name !== 'Fetch' || !isHolding) return answer()
      held++
      return await new Promise(() => {})
    })
    return { kafka, hold: () => void (isHolding = true), isHeld: () => held > 0 }
  }

  test('when a handler fails while no Fetch is answered', async () => {
    const { kafka, hold, isHeld } = unanswering()
    await topicOf(clientOf(), 1, ['x'])
    const consumer = consumerOf(kafka).each('t', { retry: { attempts: 1 } }, async () => {
      hold()
      await produce(clientOf(), 1, ['y']) // there is more to read
      await until(isHeld)
      throw new Error('no')
    })
    await expect(consumer.replay('t', { to: { 0: 3 } })).rejects.toMatchObject({ code: 'HANDLER_FAILED' })
  })

  test('when the consumer is closed, and then close() waits for its handlers', async () => {
    const kafka = clientOf()
    await topicOf(kafka, 1, ['x', 'y'])
    const begun = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    let handled = 0
    const consumer = consumerOf(kafka).each('t', {}, async () => {
      begun.resolve()
      await gate.promise
      handled++
    })
    const replay = consumer.replay('t', { to: 'end' }).then(
      () => 'resolved',
      (error: TidemarkError) => error.code,
    )
    await begun.promise
    const closed = consumer.close()
    gate.resolve()
    await closed
    expect(handled).toBe(1)
    expect(await replay).toBe('CLOSED')
    await expect(consumer.replay('t', { to: 'end' })).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
