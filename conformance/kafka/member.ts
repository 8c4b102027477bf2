/**
 * One member of the group under test, in a process of its own so that it can be killed and stopped:
 *
 *   member.ts BROKERS TOPIC GROUP NAME FILE
 *
 * Each record that was done, and each event of the consumer, is a line of FILE, written before the handler resolves;
 * times are those of the machine's monotonic clock, so that the lines of all members have one order. A run that is
 * refused (the topic was replaced) is begun again, as a supervisor would.
 */
import { openSync, writeSync } from 'node:fs'
import { createKafka } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { sleep } from '../waiting.ts'
import type { Line, LineOf } from './ledger.ts'

const [brokers, topic, group, name, file] = process.argv.slice(2) as [string, string, string, string, string]
const fd = openSync(file, 'a')
const write = (line: LineOf): void => {
  const stamped: Line = { atUs: Number(process.hrtime.bigint() / 1_000n), member: name, ...line }
  writeSync(fd, `${JSON.stringify(stamped)}\n`)
}
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())

const kafka = createKafka({ brokers: brokers.split(','), clientId: name, requestTimeoutMs: 10_000, metadataMaxAgeMs: 2_000 })
while (!stop.signal.aborted) {
  const consumer = createConsumer(kafka, { group, sessionTimeoutMs: 6_000, heartbeatIntervalMs: 300, commit: { intervalMs: 200 } })
  consumer.each(topic, { order: 'key', concurrency: 32 }, async (message) => {
    await sleep(1)
    const { partition, offset, key, value } = message
    write({ kind: 'done', partition, offset, key: String(key), value: String(value) })
  })
  const told = (async () => {
    for await (const event of consumer.events) {
      if (event.kind === 'assigned') write({ kind: 'assigned', partition: event.partition, position: event.position })
      if (event.kind === 'ended') write({ kind: 'ended', partition: event.partition, reason: event.reason })
    }
  })()
  try {
    await consumer.run({ signal: stop.signal })
  } catch (error) {
    write({ kind: 'failed', text: String(error) })
    await sleep(500)
  }
  await told
}
await kafka.close()
