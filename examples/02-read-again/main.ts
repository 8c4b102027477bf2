/** Reading again: from an offset, from a time, a range; and with a group, by a seek. */
import assert from 'node:assert/strict'
import { createAdmin, createProducer, type ReadOptions, read } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

await using cluster = await startCluster()
const { kafka } = cluster
await createAdmin(kafka).topics.create('again.readings', { partitions: 1 })

// One reading a minute, from noon on.
const noon = Date.UTC(2026, 0, 1, 12)
await using producer = createProducer(kafka)
await producer.send(
  'again.readings',
  Array.from({ length: 10 }, (_, i) => ({ value: `${i}`, timestampMs: noon + i * 60_000 })),
)

async function readings(options: ReadOptions): Promise<string> {
  const values: string[] = []
  for await (const message of read(kafka, 'again.readings', { to: 'end', ...options })) values.push(`${message.value}`)
  return values.join(' ')
}

const fromAnOffset = await readings({
  from: 7, // the lesson: an offset stays valid as long as the record is in the log
})
console.log(`from offset 7:         ${fromAnOffset}`)

const fromATime = await readings({
  from: new Date(noon + 5 * 60_000), // the lesson: a time is looked up in the log's index
})
console.log(`from five past twelve: ${fromATime}`)

const range = await readings({
  from: 2,
  to: 5, // the lesson: the end of a range is exclusive
})
console.log(`from 2 to 5:           ${range}`)

// A group that has handled everything is sent back, and handles the last two once more.
const seen: number[] = []
const stop = new AbortController()
await using consumer = createConsumer(kafka, { group: 'again.alarms' })
consumer.each('again.readings', async ({ offset }) => {
  seen.push(offset)
  if (seen.length === 10) {
    void consumer.seek('again.readings', 0, 8) // the lesson: the group reads on, and commits, from there
    setTimeout(() => stop.abort(), 5_000).unref()
  }
  if (seen.length === 12) stop.abort()
})
await consumer.run({ signal: stop.signal })
console.log(`the group handled:     ${seen.join(' ')}`)

assert.equal(fromAnOffset, '7 8 9')
assert.equal(fromATime, '5 6 7 8 9')
assert.equal(range, '2 3 4')
assert.deepEqual(seen.slice(10), [8, 9])
