/** Exactly once into SQLite, by whole consumers against our broker: takeovers, zombies, seeks, failures. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Broker, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { TidemarkError } from '@tidemark/platform'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Consumer, type ConsumerEvent, type ConsumerOptions, createConsumer, deadLetter } from './index.ts'
import { exactlyOnce } from './sqlite.ts'

let broker: Broker
let folder: string
const closing: (() => unknown)[] = []

beforeEach(async () => {
  broker = await startBroker({ data: ':memory:' })
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-once-'))
})

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await broker.close()
  rmSync(folder, { recursive: true })
})

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

function client(): Kafka {
  const kafka = createKafka({ brokers: broker.brokers, logger: quiet })
  closing.push(() => kafka.close())
  return kafka
}

function database(): DatabaseSync {
  const db = new DatabaseSync(path.join(folder, 'effects.db'))
  db.exec('CREATE TABLE IF NOT EXISTS effects (value text NOT NULL)')
  closing.push(() => db.close())
  return db
}

const effects = (db: DatabaseSync): string[] =>
  db
    .prepare('SELECT value FROM effects ORDER BY rowid')
    .all()
    .map((row) => String(row.value))
const inbox = (db: DatabaseSync): number => Number(db.prepare('SELECT count(*) AS n FROM tidemark_inbox').get()!.n)

async function produce(kafka: Kafka, values: readonly string[], partitions = 1): Promise<void> {
  await createAdmin(kafka)
    .topics.create('t', { partitions })
    .catch(() => {})
  await using producer = createProducer(kafka)
  for (const [i, value] of values.entries()) await producer.send('t', { key: value, value, partition: i % partitions })
}

function consumerOf(kafka: Kafka, options: Partial<ConsumerOptions> = {}): Consumer {
  const settings = { group: 'g', heartbeatIntervalMs: 50, commit: { intervalMs: 20 }, shutdownTimeoutMs: 2_000, ...options }
  const consumer = createConsumer(kafka, settings)
  closing.push(() => consumer.close())
  return consumer
}

/** Begins a run; resolves with how it ended. */
const begin = (consumer: Consumer): Promise<string> =>
  consumer.run().then(
    () => 'resolved',
    (error) => error.code,
  )

/** The events of a consumer, from now on. */
function eventsOf(consumer: Consumer): ConsumerEvent[] {
  const all: ConsumerEvent[] = []
  void (async () => {
    for await (const event of consumer.events) all.push(event)
  })()
  return all
}

const write = (db: DatabaseSync, value: unknown): void => void db.prepare('INSERT INTO effects VALUES (?)').run(String(value))

describe('exactly once', () => {
  test('the place is kept with the effect, and the inbox is empty when all is done in order', async () => {
    const kafka = client()
    const db = database()
    await produce(kafka, ['a', 'b', 'c'])
    const consumer = consumerOf(kafka)
    consumer.each('t', { order: 'key', concurrency: 8, store: exactlyOnce(db) }, ({ value }, { tx }) => write(tx, value))
    const ended = begin(consumer)
    await expect.poll(() => effects(db)).toHaveLength(3)
    await consumer.close()
    expect(await ended).toBe('resolved')
    expect(inbox(db)).toBe(0)
    expect({ ...db.prepare('SELECT next_offset FROM tidemark_progress').get() }).toEqual({ next_offset: 3 })
    expect(await createAdmin(kafka).groups.offsets('g')).toMatchObject([{ topic: 't', partition: 0, offset: 3 }])
  })

  test('a crash redoes nothing that the database has, and the metrics say so before the commit to Kafka', async () => {
    const kafka = client()
    const db = database()
    await produce(kafka, ['a', 'b', 'c'])
    const settings = { store: exactlyOnce(db), retry: { attempts: 1 }, exhausted: deadLetter('t.dead') }
    const consumer = consumerOf(kafka, { commit: { intervalMs: 60_000 } })
    consumer.each('t', settings, ({ value }, { tx }) => {
      if (String(value) === 'b') throw new Error('no b')
      write(tx, value)
    })
    const ended = begin(consumer)
    await expect.poll(() => effects(db)).toEqual(['a', 'c'])
    const { partitions, ...totals } = await consumer.metrics()
    expect(partitions[0]).toMatchObject({ redoIfCrashed: 0 })
    expect(totals).toMatchObject({ committed: 0, deadLettered: 1 })
    await consumer.close()
    expect(await ended).toBe('resolved')
  })

  test('the place comes from the database: what the group has on record does not matter', async () => {
    const kafka = client()
    const db = database()
    await produce(kafka, ['a', 'b'])
    const run = async (forgetful: Kafka, expected: string[]): Promise<void> => {
      const consumer = consumerOf(forgetful)
      consumer.each('t', { store: exactlyOnce(db) }, ({ value }, { tx }) => write(tx, value))
      const ended = begin(consumer)
      await expect.poll(() => effects(db)).toEqual(expected)
      await consumer.close()
      await ended
    }
    await run(kafka, ['a', 'b'])
    await produce(kafka, ['c'])
    const forgetful = client()
    const { cluster } = forgetful as unknown as { cluster: { send: (...args: any[]) => Promise<any> } }
    const send = cluster.send.bind(cluster)
    cluster.send = async (api, ...rest) => {
      const answer = await send(api, ...rest)
      if (api.name !== 'OffsetFetch') return answer
      for (const group of answer.body.groups) for (const topic of group.topics) for (const p of topic.partitions) p.committedOffset = -1
      return answer
    }
    await run(forgetful, ['a', 'b', 'c'])
  })

  test('a member that was taken over behind its back is fenced, writes nothing, and takes over again if the group says so', async () => {
    const kafka = client()
    const db = database()
    await produce(kafka, ['a'])
    const store = exactlyOnce(db)
    const consumer = consumerOf(kafka)
    const events = eventsOf(consumer)
    consumer.each('t', { store }, ({ value }, { tx }) => write(tx, value))
    void begin(consumer)
    await expect.poll(() => effects(db)).toEqual(['a'])
    const fence = db.prepare('SELECT consumer_group, topic_id, topic, topic_partition FROM tidemark_fence').get()!
    const partition = { group: String(fence.consumer_group), topic: 't', topicId: String(fence.topic_id), partition: 0 }
    await exactlyOnce(database()).takeOver(partition, 'a zombie')
    await produce(kafka, ['b', 'c'])
    await expect.poll(() => effects(db)).toEqual(['a', 'b', 'c'])
    const kinds = events.map((e) => (e.kind === 'ended' ? `ended ${e.reason}` : e.kind)).filter((k) => /^(fenced|ended|assigned)/.test(k))
    expect(kinds).toEqual(['assigned', 'fenced', 'ended lost', 'assigned'])
  })

  test('a database that goes back to an earlier state has done again what it lost, without a restart', async () => {
    const kafka = client()
    const db = database()
    await produce(kafka, ['a', 'b', 'c'])
    const consumer = consumerOf(kafka)
    const events = eventsOf(consumer)
    consumer.each('t', { store: exactlyOnce(db) }, ({ value }, { tx }) => write(tx, value))
    void begin(consumer)
    const position = (): unknown => db.prepare('SELECT next_offset FROM tidemark_progress').get()?.next_offset
    await expect.poll(position).toBe(3)
    // As of after the first record: the epoch is the same, since nothing was taken over meanwhile.
    db.exec("BEGIN; DELETE FROM effects WHERE value IN ('b', 'c'); UPDATE tidemark_progress SET next_offset = 1; COMMIT")
    await produce(kafka, ['d'])
    await expect.poll(position).toBe(4)
    expect([...effects(db)].sort()).toEqual(['a', 'b', 'c', 'd'])
    const fenced = events.filter((e) => e.kind === 'fenced').map((e) => e.error.message)
    expect(fenced).toEqual([
      'SQLite has lost what it had committed for t-0: its position went back from 3 to 1; the work goes on from what it has',
    ])
  })

  test('a handler that fails writes nothing; a skipped record is done, without the writes of its failed call', async () => {
    const kafka = client()
    const db = database()
    await produce(kafka, ['bad', 'good'])
    const consumer = consumerOf(kafka)
    const settings = { retry: { attempts: 2, delayMs: 1 }, exhausted: 'skip', store: exactlyOnce(db) } as const
    consumer.each('t', settings, ({ value }, { tx }) => {
      write(tx, value)
      if (String(value) === 'bad') throw new Error('no')
    })
    void begin(consumer)
    await expect.poll(() => effects(db)).toEqual(['good'])
    await expect.poll(() => consumer.positions()[0]?.committable).toBe(2)
    expect(inbox(db)).toBeLessThanOrEqual(2)
  })

  test.each(['FENCED', 'STORE_UNAVAILABLE', 'STORE_FAILED'] as const)(
    '%s that a handler throws, of a lock or another store, is its failure',
    async (code) => {
      const kafka = client()
      const db = database()
      await produce(kafka, ['bad', 'good'])
      const consumer = consumerOf(kafka)
      const events = eventsOf(consumer)
      const attempts: number[] = []
      const settings = { retry: { attempts: 2, delayMs: 1 }, exhausted: 'skip', store: exactlyOnce(db) } as const
      consumer.each('t', settings, ({ value }, { tx, attempt }) => {
        if (String(value) === 'good') return write(tx, value)
        attempts.push(attempt)
        throw new TidemarkError(code, 'of a lock')
      })
      void begin(consumer)
      await expect.poll(() => effects(db)).toEqual(['good'])
      await expect.poll(() => consumer.positions()[0]?.committable).toBe(2)
      expect([attempts, events.filter((e) => /fenced|requestFailed/.test(e.kind))]).toEqual([[1, 2], []])
    },
  )

  test('a dead letter takes the place of a record: the database has it as done, without the writes of its failed calls', async () => {
    const kafka = client()
    const db = database()
    await produce(kafka, ['bad', 'good'])
    await createAdmin(kafka).topics.create('dead', { partitions: 1 })
    const consumer = consumerOf(kafka, { commit: { intervalMs: 60_000 } })
    const settings = { order: 'key', retry: { attempts: 2, delayMs: 1 }, exhausted: deadLetter('dead'), store: exactlyOnce(db) } as const
    consumer.each('t', settings, ({ value }, { tx }) => {
      write(tx, value)
      if (String(value) === 'bad') throw new Error('no')
    })
    void begin(consumer)
    await expect.poll(() => inbox(db)).toBe(2)
    expect(effects(db)).toEqual(['good'])
    await expect.poll(async () => (await createAdmin(kafka).topics.offsets('dead', 'latest'))[0]?.offset).toBe(1)
  })

  test('a seek is told to the database: what was done is done again from there', async () => {
    const kafka = client()
    const db = database()
    await produce(kafka, ['a', 'b', 'c'])
    const consumer = consumerOf(kafka)
    const events = eventsOf(consumer)
    consumer.each('t', { store: exactlyOnce(db) }, ({ value }, { tx }) => write(tx, value))
    void begin(consumer)
    await expect.poll(() => effects(db)).toEqual(['a', 'b', 'c'])
    await consumer.seek('t', 0, 1)
    await expect.poll(() => effects(db)).toEqual(['a', 'b', 'c', 'b', 'c'])
    expect(events.filter((e) => e.kind === 'seeked')).toMatchObject([{ from: 3, to: 1 }])
  })

  test('of batches every record happens once, whatever the batches were before a rebalance', async () => {
    const kafka = client()
    const db = database()
    const values = Array.from({ length: 60 }, (_, i) => `${i}`)
    await produce(kafka, values, 3)
    const store = exactlyOnce(db)
    const start = (): Consumer => {
      const consumer = consumerOf(client())
      consumer.batches('t', { recordsMax: 7, store }, async (batch, { tx }) => {
        for (const { value } of batch) write(tx, value)
      })
      void begin(consumer)
      return consumer
    }
    const first = start()
    await expect.poll(() => effects(db).length).toBeGreaterThan(6)
    start()
    await first.close()
    await expect.poll(() => effects(db).length).toBeGreaterThanOrEqual(60)
    expect(effects(db).sort()).toEqual([...values].sort())
  })

  test('a topic that was created again under its name is another topic', async () => {
    const kafka = client()
    const db = database()
    await produce(kafka, ['a', 'b'])
    const run = async (expected: string[]): Promise<void> => {
      const consumer = consumerOf(kafka, { outOfRange: 'earliest' })
      consumer.each('t', { store: exactlyOnce(db) }, ({ value }, { tx }) => write(tx, value))
      const ended = begin(consumer)
      await expect.poll(() => effects(db)).toEqual(expected)
      await consumer.close()
      await ended
    }
    await run(['a', 'b'])
    await createAdmin(kafka).topics.delete('t')
    await produce(kafka, ['c', 'd'])
    await run(['a', 'b', 'c', 'd'])
  })

  test('commit() in a handler is refused, and so is another mode of commits', async () => {
    const kafka = client()
    const db = database()
    await produce(kafka, ['a'])
    const codes: string[] = []
    expect(() => consumerOf(kafka, { commit: 'manual' }).each('t', { store: exactlyOnce(db) }, () => {})).toThrow(/must be 'processed'/)
    expect(() => consumerOf(kafka).each('t', { store: {} as never }, () => {})).toThrow(/what exactlyOnce\(\) returned/)
    const consumer = consumerOf(kafka)
    consumer.each('t', { store: exactlyOnce(db) }, async (_, context) => {
      await context.commit().catch((error) => codes.push(error.code))
    })
    void begin(consumer)
    await expect.poll(() => codes).toEqual(['INVALID_ARGUMENT'])
  })
})
