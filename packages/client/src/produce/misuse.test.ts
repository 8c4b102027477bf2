/** What callers do wrong, or to our surprise: it fails the message, never the producer. */
import { RecordCursor, readBatchHeader } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { createKafka } from '../kafka.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { createProducer } from './producer.ts'
import type { ProducerOptions } from './types.ts'

function start(options: ProducerOptions = {}, partitions = 1) {
  const world = new World()
  const cluster = new FakeCluster(world)
  cluster.create('t', partitions)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform })
  const producer = createProducer(kafka, options)
  const written = (partition = 0) =>
    cluster.partition('t', partition).batches.flatMap((batch) => {
      const cursor = new RecordCursor(batch, readBatchHeader(batch))
      const out: { key: string | null; value: string | null; headers: [string, string | null][] }[] = []
      const text = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString()
      while (cursor.next()) {
        out.push({ key: text(cursor.key), value: text(cursor.value), headers: cursor.headers().map((h) => [h.key, text(h.value)]) })
      }
      return out
    })
  return { world, cluster, kafka, producer, written }
}

function transferred(): Uint8Array {
  const bytes = new Uint8Array(3)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}

describe('a partitioner', () => {
  it.each<[string, () => number]>([
    [
      'throws',
      () => {
        throw new Error('no idea')
      },
    ],
    [
      'throws what has no text',
      () => {
        throw Object.create(null)
      },
    ],
    ['returns NaN', () => Number.NaN],
    ['returns a fraction', () => 0.5],
    ['returns too large a number', () => 7],
    ['returns a negative number', () => -1],
    ['returns nothing', () => undefined as never],
    ['returns a promise', (async () => 0) as never],
  ])('that %s fails its message; the others go on, and everything settles', async (_what, broken) => {
    let isBroken = true
    const { world, producer, written } = start({ partitioner: (input) => (isBroken && String(input.value) === 'bad' ? broken() : 0) })
    const bad = producer.send('t', { value: 'bad' })
    const mixed = producer.send('t', [{ value: 'a' }, { value: 'bad' }, { value: 'b' }])
    expect(await world.fails(bad)).toMatchObject({ code: 'PARTITIONER_FAILED', topic: 't' })
    expect(await world.fails(mixed)).toMatchObject({ code: 'PARTITIONER_FAILED' })
    isBroken = false
    await world.settle(producer.send('t', { value: 'c' }))
    await world.settle(producer.flush())
    await world.settle(producer.close())
    expect(written().map((r) => r.value)).toEqual(['a', 'b', 'c'])
  })

  it.each(['producer', 'kafka'] as const)('that closes the %s leaves nothing pending', async (which) => {
    const t = start({ partitioner: () => (void (which === 'kafka' ? t.kafka : t.producer).close(), 0) })
    const outcome = t.producer.send('t', [{ value: 'a' }, { value: 'b' }]).then(
      () => 'written',
      (error) => error.code,
    )
    expect(await t.world.settle(outcome)).toBe(which === 'kafka' ? 'CLOSED' : 'written')
    await t.world.settle(t.producer.close())
  })
})

describe('messages that are not messages', () => {
  it.each<[string, any, string]>([
    ['no message', null, 'it is null'],
    ['text', 'hello', 'it is "hello"'],
    ['no value', { key: 'k' }, 'it has no value'],
    ['a number', { value: 5 }, 'its value is 5'],
    ['a number as key', { key: 5, value: 'v' }, 'its key is 5'],
    ['an object', { value: { a: 1 } }, 'its value is an object'],
    ['a time before 1970', { value: 'v', timestampMs: -1 }, 'its timestampMs is -1'],
    ['a time that is a Date', { value: 'v', timestampMs: new Date(5) }, 'its timestampMs is'],
    ['a partition that is negative', { value: 'v', partition: -1 }, 'its partition is -1'],
    ['a partition that is a fraction', { value: 'v', partition: 0.5 }, 'its partition is 0.5'],
    ['a partition that is NaN', { value: 'v', partition: Number.NaN }, 'its partition is NaN'],
    ['a partition that is text', { value: 'v', partition: '0' }, 'its partition is "0"'],
    ['a hole in the array', undefined, 'it is undefined'],
    ['headers with a hole', { value: 'v', headers: Array(1) }, 'headers[0] is undefined'],
    ['memory that was transferred away', { value: transferred() }, 'the memory of its value was transferred away'],
    ['headers: a Map', { value: 'v', headers: new Map([['a', 'b']]) }, 'its headers are an object'],
    ['headers: text', { value: 'v', headers: 'a=b' }, 'its headers are "a=b"'],
    ['headers: a number', { value: 'v', headers: 7 }, 'its headers are 7'],
    ['headers: null', { value: 'v', headers: null }, 'its headers are null'],
    ['a header without a value', { value: 'v', headers: { a: undefined } }, "its header 'a' is undefined"],
    ['a header that is a number', { value: 'v', headers: { a: 1 } }, "its header 'a' is 1"],
    ['a nested header', { value: 'v', headers: { a: { b: 'c' } } }, "its header 'a' is an object"],
    ['a header in an array without a value', { value: 'v', headers: [{ key: 'a' }] }, "its header 'a' is undefined"],
    ['a header in an array without a key', { value: 'v', headers: [{ value: 'a' }] }, 'headers[0] is an object'],
    ['a header in an array that is a pair', { value: 'v', headers: [['a', 'b']] }, 'headers[0] is an array'],
  ])('%s: INVALID_MESSAGE at once, and nothing of the call is sent', async (_what, message, text) => {
    const { world, producer, written } = start()
    await world.settle(producer.send('t', { value: 'first' }))
    const failed = await world.fails(producer.send('t', [{ value: 'good' }, message]))
    expect(failed).toMatchObject({ code: 'INVALID_MESSAGE', message: expect.stringContaining(text) })
    await world.settle(producer.close())
    expect(written().map((r) => r.value)).toEqual(['first'])
  })

  it('an array with a hole is refused, and its promise settles', async () => {
    const { world, producer } = start()
    const messages = [{ value: 'a' }, { value: 'b' }]
    messages.length = 3
    expect(await world.fails(producer.send('t', messages))).toMatchObject({ code: 'INVALID_MESSAGE' })
    await world.settle(producer.close())
  })

  it.each([[''], [undefined], [null], [5], [{}]])('a topic named %s', async (topic) => {
    const { world, producer } = start()
    expect(await world.fails(producer.send(topic as never, { value: 'v' }))).toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

it('headers may be text in an array too; they are UTF-8', async () => {
  const { world, producer, written } = start()
  const headers = [
    { key: 'ä', value: 'ö' },
    { key: 'ä', value: Buffer.from('2') },
    { key: 'n', value: null },
  ]
  await world.settle(producer.send('t', { value: 'v', headers }))
  await world.settle(producer.send('t', { value: 'v', headers: { ä: 'ö', n: null } }))
  expect(written().map((r) => r.headers)).toEqual([
    [
      ['ä', 'ö'],
      ['ä', '2'],
      ['n', null],
    ],
    [
      ['ä', 'ö'],
      ['n', null],
    ],
  ])
})

describe('a buffer that its caller uses again once send returned is sent as it was', () => {
  const message = () => {
    const buffer = Buffer.from('old')
    const headers = [{ key: 'h', value: buffer as Buffer | null }]
    return { buffer, message: { key: buffer, value: buffer, headers }, spoil: () => (buffer.fill('x'), (headers[0]!.value = null)) }
  }
  const asSent = { key: 'old', value: 'old', headers: [['h', 'old']] }

  it('before the topic is known, and after', async () => {
    const { world, producer, written } = start()
    for (let i = 0; i < 2; i++) {
      const m = message()
      const sent = producer.send('t', m.message)
      m.spoil()
      await world.settle(sent)
    }
    expect(written()).toEqual([asSent, asSent])
  })

  it('while it lingers, and while it waits for room', async () => {
    const { world, producer, written } = start({ lingerMs: 50, bufferBytesMax: 200 })
    await world.settle(producer.send('t', { value: 'first' }))
    const all = [message(), message(), message(), message(), message()]
    const sent = Promise.all(all.map((m) => producer.send('t', m.message)))
    for (const m of all) m.spoil()
    await world.settle(sent)
    expect(written().slice(1)).toEqual(all.map(() => asSent))
  })
})

describe('an old view of the cluster', () => {
  it('a send to a deleted topic fails within a second', async () => {
    for (const autoCreate of [true, false]) {
      const { world, cluster, producer } = start({ autoCreate })
      await world.settle(producer.send('t', { value: 'a' }))
      cluster.topics.delete('t')
      const sentMs = world.monotonic()
      expect(await world.fails(producer.send('t', { value: 'b' }))).toMatchObject({ code: 'UNKNOWN_TOPIC', topic: 't' })
      expect(world.monotonic() - sentMs).toBeLessThan(1_000)
    }
  })

  it('a topic that was just created again is waited for, for topicWaitMs', async () => {
    for (const hasComeMs of [2_000, 4_000]) {
      const { world, cluster, kafka, producer, written } = start()
      await world.settle(producer.send('t', { value: 'a' }))
      cluster.topics.delete('t')
      const sent = createProducer(kafka, { topicWaitMs: 3_000 }).send('t', { value: 'b' })
      world.schedule(hasComeMs, () => cluster.create('t', 1))
      if (hasComeMs > 3_000) expect(await world.fails(sent)).toMatchObject({ code: 'UNKNOWN_TOPIC' })
      else await world.settle(sent)
      if (hasComeMs < 3_000) expect(written().map((r) => r.value)).toEqual(['b'])
    }
  })

  it('a topic that was deleted is created again where brokers do so', async () => {
    const { world, cluster, producer, written } = start()
    await world.settle(producer.send('t', { value: 'a' }))
    cluster.topics.delete('t')
    cluster.autoCreate = true
    await world.settle(producer.send('t', { value: 'b' }))
    expect(written().map((r) => r.value)).toEqual(['b'])
  })

  it('a topic that has fewer partitions after it was created again fails what is for the others', async () => {
    const { world, cluster, producer } = start({}, 3)
    await world.settle(producer.send('t', { value: 'a', partition: 2 }))
    cluster.create('t', 1)
    expect(await world.fails(producer.send('t', { value: 'b', partition: 2 }))).toMatchObject({ code: 'UNKNOWN_PARTITION', partition: 2 })
    expect(world.monotonic()).toBeLessThan(1_500)
  })

  it('a partition that was added since is found; one that does not exist is refused', async () => {
    const { world, cluster, producer, written } = start()
    await world.settle(producer.send('t', { value: 'a' }))
    const { partitions } = cluster.topics.get('t')!
    const other = cluster.create('other', 4)
    partitions.push(...other.partitions.slice(1))
    const [b, c, d] = await world.settle(
      Promise.allSettled([
        producer.send('t', { value: 'b', partition: 3 }),
        producer.send('t', { value: 'c', partition: 9 }),
        producer.send('t', { value: 'd' }),
      ]),
    )
    expect([b, c, d]).toMatchObject([
      { value: { partition: 3 } },
      { reason: { code: 'UNKNOWN_PARTITION', message: "topic 't' has no partition 9; it has 4" } },
      { status: 'fulfilled' },
    ])
    expect(written(3)).toHaveLength(1)
    expect(world.monotonic()).toBeLessThan(1_000)
  })
})

describe('closing and flushing in any order', () => {
  it('twice, and before anything was sent', async () => {
    const { world, producer } = start()
    await world.settle(Promise.all([producer.close(), producer.close()]))
    await world.settle(producer.close({ timeoutMs: 5 }))
    expect(await world.fails(producer.send('t', { value: 'a' }))).toMatchObject({ code: 'CLOSED' })
    await world.settle(producer.flush())
  })

  it('after the Kafka handle, or with it under way: settles at once', async () => {
    const { world, cluster, kafka, producer } = start()
    cluster.on('Produce', () => 'silent')
    const sent = producer.send('t', { value: 'a' })
    const waiting = producer.send('unknown', { value: 'a' })
    for (const promise of [sent, waiting]) promise.catch(() => {}) // looked at below
    await world.run(100)
    const flushed = producer.flush()
    const closed = producer.close()
    const atMs = world.monotonic()
    await kafka.close()
    expect(await world.fails(sent)).toMatchObject({ code: 'CLOSED' })
    expect(await world.fails(waiting)).toMatchObject({ code: 'CLOSED' })
    await world.settle(flushed)
    await world.settle(closed)
    expect(world.monotonic()).toBe(atMs)
    await world.settle(producer.close())
  })

  it('within timeoutMs: what is not settled then rejects CLOSED', async () => {
    const { world, cluster, producer } = start()
    cluster.on('Produce', () => 'silent')
    const sent = producer.send('t', { value: 'a' })
    sent.catch(() => {}) // looked at below
    await world.run(100)
    expect(await world.fails(producer.flush({ timeoutMs: 200 }))).toMatchObject({
      code: 'TIMED_OUT',
      message: 'flush was not done within 200 ms: 1 sends are not settled',
    })
    const abort = new AbortController()
    const flushed = producer.flush({ signal: abort.signal })
    abort.abort()
    expect(await world.fails(flushed)).toMatchObject({ code: 'ABORTED' })
    const closed = producer.close()
    await world.run(100)
    const atMs = world.monotonic()
    await world.settle(producer.close({ timeoutMs: 50 }))
    await world.settle(closed)
    expect(world.monotonic()).toBe(atMs + 50)
    expect(await world.fails(sent)).toMatchObject({ code: 'CLOSED' })
  })
})
