/**
 * A program whose handler kills its process (kill -9) at a record that says so. It ends by itself once everything up to
 * the end of the topic is done.
 *
 * Arguments: broker, `each` with its order or `batches`, deathsMax, where exhausted records go.
 */
import { flushCompileCache } from 'node:module'
import { createAdmin, createKafka, type Message } from '@tidemark/client'
import { createConsumer, deadLetter, type Order } from '../index.ts'

const [broker, kind, deathsMax, exhausted] = process.argv.slice(2) as [string, Order | 'batches', string, string]

// A process that is killed would leave nothing of it to the next one.
flushCompileCache()
await using kafka = createKafka({ brokers: [broker] })
const ends = await createAdmin(kafka).topics.offsets('t', 'latest')
const consumer = createConsumer(kafka, {
  group: 'g',
  instanceId: 'one',
  sessionTimeoutMs: 6_000,
  heartbeatIntervalMs: 100,
  commit: { intervalMs: 20 },
})
const settings = {
  concurrency: 20,
  poison: { deathsMax: Number(deathsMax) },
  exhausted: exhausted === 'stop' || exhausted === 'skip' ? (exhausted as 'stop' | 'skip') : deadLetter(exhausted),
}

async function handle({ value }: Message): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  if (value!.toString().startsWith('killer')) process.kill(process.pid, 'SIGKILL')
  console.log(value!.toString())
}

if (kind === 'batches') {
  consumer.batches('t', { ...settings, recordsMax: 20 }, async (batch) => {
    await Promise.all(batch.messages.map(handle))
  })
} else consumer.each('t', { ...settings, order: kind }, handle)

const stop = new AbortController()
void (async () => {
  const committed = new Map<number, number>()
  for await (const event of consumer.events) {
    if (event.kind === 'committed') committed.set(event.partition, event.offset)
    if (ends.every((end) => (committed.get(end.partition) ?? 0) >= end.offset)) stop.abort()
  }
})()
await consumer.run({ signal: stop.signal }).catch((error) => {
  console.error(error.code, error.cause?.code)
  process.exitCode = 1
})
