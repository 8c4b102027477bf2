/**
 * A broker in memory that is full: a client that sends more is told at once what to do, instead of retrying until its
 * own time-out; groups and readers go on.
 *
 *   node --conditions=@tidemark/source conformance/kills/memory.ts [--quick]
 */
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, read } from '@tidemark/client'
import { kafkaJs } from '../clients/kafkajs-package.ts'
import { equal, Report } from '../report.ts'
import { MiB } from './broker-process.ts'

const TOPIC = 'full'
const GROUP = 'readers'
const VALUE = 'x'.repeat(10_000)
/** Both clients would go on for longer after an error that they may try again. */
const AT_ONCE_MS = 10_000

/** How many were taken, and what was thrown then, within AT_ONCE_MS. */
async function sendUntilRefused(send: () => Promise<unknown>): Promise<{ taken: number; error: any }> {
  for (let taken = 0; ; taken++) {
    const startedMs = performance.now()
    try {
      await send()
    } catch (error) {
      const ms = performance.now() - startedMs
      if (ms > AT_ONCE_MS) throw new Error(`the error came after ${ms.toFixed(0)} ms`)
      return { taken, error }
    }
  }
}

const report = new Report('memory')
await using broker = await startBroker({ data: ':memory:', memoryBytesMax: MiB })
await using kafka = createKafka({ brokers: broker.brokers })
await createAdmin(kafka).topics.create(TOPIC)
const { Kafka, logLevel } = kafkaJs()
const kafkajs = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING })

await report.check('our producer is told which limit, and how to raise it', async () => {
  await using producer = createProducer(kafka)
  const { taken, error } = await sendUntilRefused(() => producer.send(TOPIC, { value: VALUE }))
  equal([taken > 90, error.code, /memoryBytesMax/.test(error.message)], [true, 'POLICY_VIOLATION', true])
})

await report.check('kafkajs is told at once', async () => {
  const producer = kafkajs.producer()
  await producer.connect()
  const { error } = await sendUntilRefused(() => producer.send({ topic: TOPIC, messages: [{ value: VALUE }] }))
  await producer.disconnect()
  equal(error.type, 'POLICY_VIOLATION')
})

await report.check('kafkajs reads everything in a group and commits', async () => {
  const consumer = kafkajs.consumer({ groupId: GROUP })
  await consumer.connect()
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
  let end = 0
  for await (const { offset } of read(kafka, TOPIC, { from: 'earliest', to: 'end' })) end = Number(offset) + 1
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }: { payload: { error: Error } }) => reject(payload.error))
    void consumer.run({
      eachMessage: async ({ message }: { message: { offset: string } }) => Number(message.offset) === end - 1 && resolve(),
    })
  })
  await consumer.stop()
  await consumer.disconnect()
  equal(
    (await createAdmin(kafka).groups.offsets(GROUP)).map((o) => Number(o.offset)),
    [end],
  )
})

console.log(`${report.passed} passed, ${report.failed} failed, ${report.skipped} skipped`)
// The process ends when everything is closed.
process.exitCode = report.failed === 0 ? 0 : 1
