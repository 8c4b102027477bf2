/**
 * Automatic commits: `processed` commits what handlers have finished, `delivered` what they were given. A process dies
 * while it handles record 3: with the first the record is handled again, with the second it is lost.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdmin, createKafka, createProducer } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

type Mode = 'processed' | 'delivered'

/** Prints the offset of each record that was handled to its end. */
async function consume(mode: Mode, crashes: boolean, brokers: string[]): Promise<void> {
  await using kafka = createKafka({ brokers })
  await using consumer = createConsumer(kafka, {
    group: `auto.${mode}`,
    commit: { mode, intervalMs: 50 }, // the lesson: the default is `processed`
    instanceId: 'billing-1', // a static member comes back at once, without waiting for its old session to end
  })
  const stop = new AbortController()
  consumer.each('auto.orders', { order: 'partition' }, async ({ offset }) => {
    if (crashes && offset === 3) {
      await sleep(500) // several commits go out meanwhile
      process.kill(process.pid, 'SIGKILL')
    }
    process.send!(offset)
    if (offset === 5) stop.abort()
  })
  await consumer.run({ signal: stop.signal })
}

async function handledIn(mode: Mode, brokers: readonly string[]): Promise<string> {
  const finished: number[] = []
  for (const ending of ['crash', 'finish']) {
    const child = fork(import.meta.filename, [mode, ending, ...brokers])
    child.on('message', (offset: number) => finished.push(offset))
    await once(child, 'exit')
  }
  return finished.join(' ')
}

if (process.send !== undefined) {
  const [mode, ending, ...brokers] = process.argv.slice(2)
  await consume(mode as Mode, ending === 'crash', brokers)
  process.disconnect()
} else {
  await using cluster = await startCluster()
  await createAdmin(cluster.kafka).topics.create('auto.orders', { partitions: 1 })
  await using producer = createProducer(cluster.kafka)
  await producer.send(
    'auto.orders',
    Array.from({ length: 6 }, (_, i) => ({ value: `order ${i}` })),
  )

  const processed = await handledIn('processed', cluster.brokers)
  const delivered = await handledIn('delivered', cluster.brokers)
  console.log(`processed: ${processed}`)
  console.log(`delivered: ${delivered}   (3 is lost)`)

  assert.equal(processed, '0 1 2 3 4 5')
  assert.equal(delivered, '0 1 2 4 5')
}
