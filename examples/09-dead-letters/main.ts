/** A record that cannot be handled goes to a topic for dead letters, and comes back once the cause is fixed. */
import assert from 'node:assert/strict'
import { createAdmin, createProducer } from '@tidemark/client'
import { createConsumer, deadLetter, redrive } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

await using cluster = await startCluster()
const { kafka } = cluster
const admin = createAdmin(kafka)
await admin.topics.create('letters.orders', { partitions: 1 })
await admin.topics.create('letters.orders.dead', { partitions: 1 })
await using producer = createProducer(kafka)
await producer.send(
  'letters.orders',
  ['apples', 'pears', '?!', 'plums'].map((value, i) => ({ key: `order-${i}`, value })),
)

const handled: string[] = []
let readsEverything = false

async function handle(count: number): Promise<void> {
  const stop = new AbortController()
  await using consumer = createConsumer(kafka, { group: 'letters.billing' })
  const until = async () => {
    for await (const event of consumer.events) {
      if (event.kind === 'committed' && event.offset >= count) stop.abort()
    }
  }
  consumer.each(
    'letters.orders',
    {
      retry: { attempts: 3, delayMs: 10 },
      exhausted: deadLetter('letters.orders.dead'), // the lesson: without it the third failure would stop the partition
    },
    async ({ value }, context) => {
      if (`${value}` === '?!' && !readsEverything) throw new Error('what fruit is that?')
      handled.push(`${value} (${context.id.slice(-3)}, attempt ${context.attempt})`)
    },
  )
  const watching = until()
  await consumer.run({ signal: stop.signal })
  await watching
}

await handle(4)
console.log(handled.join(', '))
assert.deepEqual(handled, ['apples (0-0, attempt 1)', 'pears (0-1, attempt 1)', 'plums (0-3, attempt 1)'])

// The program is fixed; the dead letter goes back to where it came from, under its old id.
handled.length = 0
readsEverything = true
const { redriven } = await redrive(kafka, 'letters.orders.dead') // the lesson: nothing that was set aside is lost
console.log(`put back: ${redriven}`)
if (redriven > 0) await handle(5)
console.log(handled.join(', '))
assert.deepEqual(handled, ['?! (0-2, attempt 1)'])
