/** Order by key: many handlers run at once, and the records of one key still run one after the other. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdmin, createProducer } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

await using cluster = await startCluster()
const { kafka } = cluster
await createAdmin(kafka).topics.create('order.steps', { partitions: 1 })

// Records with the same key go to the same partition, so that Kafka keeps their order.
const orders = ['a', 'b', 'c', 'd']
const steps = ['placed', 'paid', 'packed', 'sent']
await using producer = createProducer(kafka)
await producer.send(
  'order.steps',
  steps.flatMap((step) => orders.map((key) => ({ key, value: step }))),
)

const journal = new Map(orders.map((key) => [key, [] as string[]]))
let running = 0
let runningMax = 0
let handled = 0
const stop = new AbortController()
await using consumer = createConsumer(kafka, { group: 'order.shipping' })
consumer.each(
  'order.steps',
  {
    order: 'key', // the lesson: one record of a key at a time, and all keys side by side
    concurrency: 8,
  },
  async ({ key, value }) => {
    runningMax = Math.max(runningMax, ++running)
    await sleep(10 + Math.random() * 20)
    running--
    journal.get(`${key}`)!.push(`${value}`)
    if (++handled === 16) stop.abort()
  },
)
await consumer.run({ signal: stop.signal })

for (const [key, done] of journal) console.log(`${key}: ${done.join(', ')}`)
console.log(`at most ${runningMax} at once`)

for (const done of journal.values()) assert.deepEqual(done, steps)
assert.equal(runningMax, 4)
