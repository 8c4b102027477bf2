/** A process is killed in the middle of its work; the next one goes on where the group's committed offset is. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createAdmin, createKafka, createProducer } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { startCluster } from '../cluster.ts'

const RECORDS = 40

/** The consumer process; it is killed as soon as it has begun with record `crashAt`. */
async function consume(brokers: string[], crashAt: number): Promise<void> {
  await using kafka = createKafka({ brokers })
  await using consumer = createConsumer(kafka, {
    group: 'crash.billing', // the lesson: the place belongs to the group, not to the process
    commit: { intervalMs: 100 },
    instanceId: 'billing-1', // a static member comes back at once, without waiting for its old session to end
  })
  const stop = new AbortController()
  consumer.each('crash.orders', async ({ offset }) => {
    process.send!(offset)
    if (offset === crashAt) {
      for await (const event of consumer.events) {
        if (event.kind === 'committed' && event.offset === crashAt) process.kill(process.pid, 'SIGKILL')
      }
    }
    if (offset === RECORDS - 1) stop.abort()
  })
  await consumer.run({ signal: stop.signal })
}

async function handledBy(crashAt: number, brokers: readonly string[]): Promise<{ offsets: number[]; code: number | null }> {
  const child = fork(import.meta.filename, [String(crashAt), ...brokers])
  const offsets: number[] = []
  child.on('message', (offset: number) => offsets.push(offset))
  const [code] = await once(child, 'exit')
  return { offsets, code }
}

if (process.send !== undefined) {
  const [crashAt, ...brokers] = process.argv.slice(2)
  await consume(brokers, Number(crashAt))
  process.disconnect()
} else {
  await using cluster = await startCluster()
  await createAdmin(cluster.kafka).topics.create('crash.orders', { partitions: 1 })
  await using producer = createProducer(cluster.kafka)
  await producer.send(
    'crash.orders',
    Array.from({ length: RECORDS }, (_, i) => ({ value: `order ${i}` })),
  )

  const first = await handledBy(25, cluster.brokers)
  console.log(`the first process began with ${first.offsets[0]} and died in ${first.offsets.at(-1)}`)
  const second = await handledBy(-1, cluster.brokers)
  console.log(`the second one went on with ${second.offsets[0]} and ended with ${second.offsets.at(-1)}`)

  assert.notEqual(first.code, 0)
  // Nothing is lost, and only the record that was being handled is handled again.
  assert.deepEqual(
    second.offsets,
    Array.from({ length: RECORDS - 25 }, (_, i) => 25 + i),
  )
}
