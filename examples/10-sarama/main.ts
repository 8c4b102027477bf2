/** A consumer-group program in the shape that Go's Sarama gave it: setup, consumeClaim, markMessage, cleanup. */
import assert from 'node:assert/strict'
import { createAdmin, createProducer, type ReceivedMessage } from '@tidemark/client'
import { type ConsumerGroupHandler, newClient, newConsumerGroup, offsetNewest, offsetOldest } from '@tidemark/consumer/sarama'
import { startCluster } from '../cluster.ts'

await using cluster = await startCluster()
const { kafka } = cluster
const admin = createAdmin(kafka)
await admin.topics.create('sarama.orders', { partitions: 1 })
await using producer = createProducer(kafka)
await producer.send(
  'sarama.orders',
  Array.from({ length: 10 }, (_, i) => ({ value: `order ${i}` })),
)

const stop = new AbortController()
const billed: number[] = []

const handler: ConsumerGroupHandler = {
  async setup(session) {
    console.log(`set up with partitions ${session.claims()['sarama.orders']}`)
  },
  async consumeClaim(session, claim) {
    // Two at a time, and each is marked as it finishes: the second one of a pair before the first.
    const pair: ReceivedMessage[] = []
    for await (const message of claim.messages()) {
      pair.push(message)
      if (pair.length < 2) continue
      for (const { offset } of pair) billed.push(offset)
      for (const finished of pair.toReversed()) {
        session.markMessage(finished) // the lesson: a mark is for its message alone; the commit waits for those before it
      }
      pair.length = 0
      if (billed.length === 10) stop.abort()
    }
  },
  async cleanup() {
    console.log('cleaned up')
  },
}

await using group = newConsumerGroup(kafka, 'sarama.billing', { offsets: { initial: offsetOldest } })
// Every rebalance ends a session, and the loop joins the next one.
while (!stop.signal.aborted) await group.consume(['sarama.orders'], handler, { signal: stop.signal })
await group.close()

const client = newClient(kafka)
const [oldest, newest] = [
  await client.getOffset('sarama.orders', 0, offsetOldest),
  await client.getOffset('sarama.orders', 0, offsetNewest),
]
const [place] = await admin.groups.offsets('sarama.billing')
console.log(`oldest ${oldest}, newest ${newest}, committed ${place?.offset}`)
assert.deepEqual([oldest, newest, place?.offset], [0, 10, 10])
