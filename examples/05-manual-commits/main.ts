/** Manual commits: the program says when, after the work. What was handled and not committed is handled again. */
import assert from 'node:assert/strict'
import { createAdmin, createProducer } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

await using cluster = await startCluster()
const { kafka } = cluster
await createAdmin(kafka).topics.create('manual.orders', { partitions: 1 })
await using producer = createProducer(kafka)
await producer.send(
  'manual.orders',
  Array.from({ length: 10 }, (_, i) => ({ value: `order ${i}` })),
)

/** Handles records until it has handled `last`; returns their offsets. */
async function handleUpTo(last: number): Promise<number[]> {
  const bills: number[] = []
  const stop = new AbortController()
  await using consumer = createConsumer(kafka, { group: 'manual.billing', commit: 'manual' })
  consumer.each('manual.orders', async ({ offset }, context) => {
    bills.push(offset)
    if (offset % 3 === 2) {
      await context.commit() // the lesson: resolves once this record, and those before it, are on record
    }
    if (offset === last) stop.abort()
  })
  await consumer.run({ signal: stop.signal })
  return bills
}

const first = await handleUpTo(6)
console.log(`first:  ${first.join(' ')}`)
const second = await handleUpTo(9)
console.log(`second: ${second.join(' ')}`)

// 6 was handled, but the last commit was after 5.
assert.deepEqual(first, [0, 1, 2, 3, 4, 5, 6])
assert.deepEqual(second, [6, 7, 8, 9])
