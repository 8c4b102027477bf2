/** A pull loop of one second at a time: handle what comes, look around once a second, go on. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdmin, createProducer } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

await using cluster = await startCluster()
const { kafka } = cluster
const admin = createAdmin(kafka)
await admin.topics.create('pull.orders', { partitions: 1 })
await using producer = createProducer(kafka)
await producer.send(
  'pull.orders',
  Array.from({ length: 5 }, (_, i) => ({ value: `order ${i}` })),
)

const handled: number[] = []
const consumer = createConsumer(kafka, { group: 'pull.billing' })
const messages = consumer.messages('pull.orders')
let next = messages.next()
for (let second = 1; handled.length < 10 && second <= 20; second++) {
  const timeIsUp = sleep(1_000, undefined)
  while (handled.length < 10) {
    const result = await Promise.race([next, timeIsUp])
    if (result === undefined || result.done) break
    handled.push(result.value.offset)
    next = messages.next() // the lesson: asking for the next one says that this one is done
  }
  // Once a second there is time for something else; here the other five orders are placed.
  if (handled.length === 5) {
    await producer.send(
      'pull.orders',
      Array.from({ length: 5 }, (_, i) => ({ value: `order ${5 + i}` })),
    )
  }
}
await messages.return() // ends the loop: drain, final commit, leave

const [place] = await admin.groups.offsets('pull.billing')
console.log(`handled ${handled.join(' ')}; committed ${place?.offset}`)
assert.deepEqual(handled, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
assert.equal(place?.offset, 10)
