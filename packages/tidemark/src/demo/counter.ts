/**
 * One consumer process of the demo: works through the flights in the group and keeps the table. A process of its own,
 * so that it can be killed. It reports to the demo what it did, and ends when the demo has gone.
 */
import { createKafka } from '@tidemark/client'
import { textOf } from '@tidemark/client/internal'
import { createConsumer } from '@tidemark/consumer'
import { RetryLog } from '../print/log.ts'
import { type Counted, DelayTable } from './table.ts'

export interface CounterTask {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly group: string
  readonly name: string
  readonly table: string
  readonly sessionTimeoutMs: number
}

export type CounterReport =
  /** `newestMs`: when the newest of these records was produced. */
  | ({ readonly kind: 'counted'; readonly partition: number; readonly newestMs: number } & Counted)
  | { readonly kind: 'assigned'; readonly partition: number; readonly position: number }
  | { readonly kind: 'ended'; readonly partition: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly message: string }

const task = JSON.parse(process.env.TIDEMARK_DEMO_COUNTER!) as CounterTask
const report = (what: CounterReport): void => void process.send?.(what)
const stop = new AbortController()
process.on('disconnect', () => process.exit(0))
process.on('message', () => stop.abort())
// Ctrl-C reaches the whole process group: the demo decides what it means.
process.on('SIGINT', () => {})

const table = new DelayTable(task.table)
// The terminal shows the picture: what is tried again is not reported there.
const kafka = createKafka({ brokers: task.brokers, clientId: task.name, retry: { delayMs: 50, delayMaxMs: 500 }, logger: new RetryLog() })
const consumer = createConsumer(kafka, {
  group: task.group,
  sessionTimeoutMs: task.sessionTimeoutMs,
  rebalanceTimeoutMs: 10_000,
  commit: { intervalMs: 200 },
})

consumer.batches(task.topic, { recordsMax: 250 }, async ({ partition, messages }) => {
  const counted = table.count(messages.map((m) => ({ ...JSON.parse(m.value!.toString()), partition, offset: m.offset })))
  report({ kind: 'counted', partition, newestMs: messages.at(-1)!.timestampMs, ...counted })
})

async function tell(): Promise<void> {
  for await (const event of consumer.events) {
    if (event.kind === 'assigned') report({ kind: 'assigned', partition: event.partition, position: event.position })
    if (event.kind === 'ended') report({ kind: 'ended', partition: event.partition, reason: event.reason })
  }
}

try {
  await Promise.all([tell(), consumer.run({ signal: stop.signal })])
} catch (error) {
  report({ kind: 'failed', message: textOf(error) })
  process.exitCode = 1
}
await kafka.close()
table.close()
process.disconnect?.()
