/**
 * A broker in memory, a client of it, and a store of moves in a folder of its own. TIDEMARK_TEST_BROKERS names an
 * Apache Kafka to test on instead, whose topics and groups are deleted first.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { type Admin, createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { MoveStore } from '../moves/move-store.ts'

export interface TestWorld extends AsyncDisposable {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly folder: string
  readonly store: MoveStore
  /** A topic with so many records in each of its partitions, a minute apart, the first one at `EPOCH_MS`. */
  fill(topic: string, counts: readonly number[]): Promise<void>
  /** What the group has committed, as text: `orders-0: 5/0 'metadata'`. */
  committed(group: string): Promise<readonly string[]>
}

export const EPOCH_MS = Date.UTC(2026, 0, 1)
export const MINUTE_MS = 60_000

/** `isOurs`: never the one that the environment names. */
export async function testWorld({ isOurs = false } = {}): Promise<TestWorld> {
  const given = isOurs ? undefined : process.env.TIDEMARK_TEST_BROKERS?.split(',')
  const broker: Broker | undefined = given === undefined ? await startBroker({ data: ':memory:' }) : undefined
  const kafka = createKafka({ brokers: given ?? broker!.brokers, retry: { delayMs: 1 } })
  const admin = createAdmin(kafka)
  if (given !== undefined) await clear(admin)
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-moves-'))
  return {
    kafka,
    admin,
    folder,
    store: new MoveStore(path.join(folder, 'moves')),
    async fill(topic, counts) {
      // The records are old.
      const { id } = await admin.topics.create(topic, { partitions: counts.length, configs: { 'retention.ms': '-1' } })
      // A node may go on for a moment with what it knew of a topic of this name that was deleted.
      while ((await admin.topics.describe(topic).catch(() => undefined))?.id !== id) await new Promise((resolve) => setImmediate(resolve))
      await using producer = createProducer(kafka)
      for (const [partition, count] of counts.entries()) {
        if (count === 0) continue
        const messages = Array.from({ length: count }, (_, i) => ({
          partition,
          key: `k${i}`,
          value: `value ${i}`,
          timestampMs: EPOCH_MS + i * MINUTE_MS,
        }))
        await producer.send(topic, messages)
      }
    },
    async committed(group) {
      const places = await admin.groups.offsets(group)
      return places.map((p) => `${p.topic}-${p.partition}: ${p.offset}/${p.leaderEpoch} '${p.metadata}'`)
    },
    async [Symbol.asyncDispose]() {
      await kafka.close()
      await broker?.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function clear(admin: Admin): Promise<void> {
  for (const { name, internal } of await admin.topics.list()) if (!internal) await admin.topics.delete(name)
  for (const { groupId } of await admin.groups.list()) {
    // A group without members goes by itself once nothing of it is left.
    await admin.groups.delete(groupId).catch((error) => {
      if (error.code !== 'UNKNOWN_GROUP') throw error
    })
  }
}
