/** A member of the group of storm.ts, in a process of its own: its handler writes each record's value as an effect. */
import { createKafka } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { sleep } from '../waiting.ts'
import { type Database, type DriverName, drivers } from './drivers.ts'

export interface StormMember {
  readonly broker: string
  readonly group: string
  readonly topic: string
  readonly driver: DriverName
  readonly port: number
  readonly statementTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly concurrency: number
  /** Of the handler, within its transaction. */
  readonly workMsMax: number
  readonly batches: boolean
}

const task = JSON.parse(process.env.STORM_MEMBER!) as StormMember
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())

const kafka = createKafka({ brokers: [task.broker], connectTimeoutMs: 1_000, retry: { delayMs: 20, delayMaxMs: 200 } })
const where = { host: '127.0.0.1', port: task.port }
const connect = async (): Promise<Database> => {
  for (;;) {
    try {
      return await drivers[task.driver](where, { takeOverTimeoutMs: 2_000, statementTimeoutMs: task.statementTimeoutMs })
    } catch {
      await sleep(100) // the database is being started
    }
  }
}
const { store, write, close } = await connect()
const consumer = createConsumer(kafka, {
  group: task.group,
  sessionTimeoutMs: task.sessionTimeoutMs,
  rebalanceTimeoutMs: 3_000,
  shutdownTimeoutMs: 3_000,
  commit: { intervalMs: 100 },
})
const work = (): Promise<void> => sleep(Math.random() * task.workMsMax)
const retry = { attempts: 1_000, delayMs: 20, delayMaxMs: 500 } // a statement on a lost connection is the handler's failure
const settings = { concurrency: task.concurrency, retry, store }
if (task.batches) {
  consumer.batches(task.topic, { ...settings, recordsMax: 20 }, async (batch, { tx }) => {
    for (const { value } of batch) await write(tx, value!.toString())
    await work()
  })
} else {
  consumer.each(task.topic, { ...settings, order: 'key' }, async ({ value }, { tx }) => {
    await work()
    await write(tx, value!.toString())
    await work()
  })
}
// What holds it up, if it is asked.
process.on('SIGUSR2', () =>
  console.error(JSON.stringify(consumer.explain().filter((e) => e.waiting + e.running > 0 || e.committable < e.position))),
)
try {
  await consumer.run({ signal: stop.signal })
} catch (error) {
  console.error(`the member ended: ${(error as { code?: string }).code} ${(error as Error).message}`)
  process.exitCode = 1
}
await kafka.close()
await close().catch(() => {})
process.exit()
