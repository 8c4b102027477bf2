/** Where is a group, and how far behind? Its committed offsets beside the ends of the logs. */
import assert from 'node:assert/strict'
import { createAdmin, createProducer, read } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

await using cluster = await startCluster()
const { kafka } = cluster
const admin = createAdmin(kafka)
await admin.topics.create('progress.orders', { partitions: 1 })

const tenMinutesAgo = Date.now() - 600_000
await using producer = createProducer(kafka)
await producer.send(
  'progress.orders',
  Array.from({ length: 10 }, (_, i) => ({ value: `order ${i}`, timestampMs: tenMinutesAgo + i * 60_000 })),
)

// A member of the group handles six orders and stops.
const stop = new AbortController()
let handled = 0
await using consumer = createConsumer(kafka, { group: 'progress.billing' })
consumer.each('progress.orders', async () => {
  if (++handled === 6) stop.abort()
})
await consumer.run({ signal: stop.signal })

// Anybody can see where the group is: the offset of the next record that it will handle.
const [place] = await admin.groups.offsets('progress.billing')
const [end] = await admin.topics.offsets('progress.orders', 'latest')
assert(place !== undefined && end !== undefined)
let behind = 0
behind = end.offset - place.offset // the lesson: lag is the end of the log minus the committed offset
console.log(`committed: ${place.offset}, end: ${end.offset}, behind: ${behind} records`)

// In time: how old is the next record?
for await (const next of read(kafka, 'progress.orders', { from: place.offset, to: place.offset + 1 })) {
  console.log(`the oldest of them has waited for ${Math.round((Date.now() - next.timestampMs) / 60_000)} minutes`)
}

assert.equal(behind, 4)
