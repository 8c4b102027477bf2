/** A broker in memory, a client of it, and a store of moves in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Broker, startBroker } from '@tidemark/broker'
import { type Admin, createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { MoveStore } from '../moves/move-store.ts'

export interface TestWorld extends AsyncDisposable {
  readonly broker: Broker
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

export async function testWorld(): Promise<TestWorld> {
  const broker = await startBroker({ data: ':memory:' })
  const kafka = createKafka({ brokers: broker.brokers, retry: { delayMs: 1 } })
  const admin = createAdmin(kafka)
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-moves-'))
  return {
    broker,
    kafka,
    admin,
    folder,
    store: new MoveStore(path.join(folder, 'moves')),
    async fill(topic, counts) {
      await admin.topics.create(topic, { partitions: counts.length })
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
      await broker.close()
      rmSync(folder, { recursive: true })
    },
  }
}
