/**
 * The work that the runtime is measured with: handlers that wait, as calls of other services do, in the order of their
 * keys; and a crash behind a stuck key.
 */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdmin, createKafka, createProducer } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'

export const KEYS = 1_000

const keyOf = (i: number): string => `key-${i % KEYS}`
const STUCK = keyOf(0)

/** A topic whose records have the keys one after the other, so that each has as many. */
export async function fill(brokers: string, topic: string, partitions: number, count: number): Promise<void> {
  await using kafka = createKafka({ brokers: [brokers] })
  await createAdmin(kafka).topics.create(topic, { partitions })
  await using producer = createProducer(kafka)
  const value = Buffer.alloc(100, 'tidemark ')
  for (let from = 0; from < count; from += 10_000) {
    const messages = Array.from({ length: Math.min(10_000, count - from) }, (_, i) => ({ key: keyOf(from + i), value }))
    await producer.send(topic, messages)
  }
}

/**
 * All of `count` records, each key in its order, each handler waiting for `handlerMs`: from the first handler's start
 * to the last one's end.
 */
export async function keyed(brokers: string, topic: string, count: number, handlerMs: number) {
  await using kafka = createKafka({ brokers: [brokers] })
  await using consumer = createConsumer(kafka, { group: `keyed-${process.pid}` })
  const all = Promise.withResolvers<void>()
  let began = 0
  let cpu = process.cpuUsage()
  let done = 0
  consumer.each(topic, { order: 'key', concurrency: KEYS }, async () => {
    if (began === 0) {
      began = performance.now()
      cpu = process.cpuUsage()
    }
    await sleep(handlerMs)
    if (++done === count) all.resolve()
  })
  const running = consumer.run()
  await Promise.race([all.promise, running])
  const seconds = (performance.now() - began) / 1000
  const used = process.cpuUsage(cpu)
  return { perSecond: count / seconds, cpu: (used.user + used.system) / 1e6 }
}

const behindStuck = { group: 'behind-a-stuck-key', sessionTimeoutMs: 6_000 }

/**
 * One key's first record is never done, all other keys are: calls `done` when they are, and `recorded` when that has
 * been committed too.
 */
export async function getStuck(brokers: string, topic: string, count: number, on: { done(): void; recorded(): void }): Promise<never> {
  const kafka = createKafka({ brokers: [brokers] })
  const consumer = createConsumer(kafka, behindStuck)
  let left = count - Math.ceil(count / KEYS)
  consumer.each(topic, { order: 'key', concurrency: KEYS }, (message) => {
    if (message.key!.toString() === STUCK) return new Promise(() => {})
    if (--left > 0) return
    on.done()
    void consumer.commit().then(on.recorded)
  })
  await consumer.run()
  throw new Error('the consumer ended')
}

/** The same group after the crash: how many records are done again that were done before. */
export async function goOn(brokers: string, topic: string, count: number): Promise<number> {
  await using kafka = createKafka({ brokers: [brokers] })
  await using consumer = createConsumer(kafka, behindStuck)
  let again = 0
  consumer.each(topic, { order: 'key', concurrency: KEYS }, (message) => {
    if (message.key!.toString() !== STUCK) again++
  })
  const caughtUp = (async () => {
    let committed = 0
    const offsets = new Map<number, number>()
    for await (const event of consumer.events) {
      if (event.kind !== 'committed') continue
      committed += event.offset - (offsets.get(event.partition) ?? 0)
      offsets.set(event.partition, event.offset)
      if (committed === count) return
    }
  })()
  const running = consumer.run()
  await Promise.race([caughtUp, running])
  return again
}
