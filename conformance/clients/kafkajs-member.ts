/**
 * A member of a group of kafkajs's in a process of its own: prints `partition offset` for each record, and commits it.
 */
import { createRequire } from 'node:module'
import { installCodecs } from './kafkajs-codecs.ts'

const [folder, broker, topic, groupId, clientId] = process.argv.slice(2) as [string, string, string, string, string]
const load = createRequire(`${folder}/package.json`)
installCodecs(load)
const { Kafka, logLevel } = load('kafkajs')
const kafka = new Kafka({ clientId, brokers: [broker], logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId, sessionTimeout: 6_000, rebalanceTimeout: 10_000, heartbeatInterval: 500, maxWaitTimeInMs: 200 })
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachMessage: async ({ partition, message }: { partition: number; message: { offset: string } }) => {
    process.stdout.write(`${partition} ${message.offset}\n`)
    await consumer.commitOffsets([{ topic, partition, offset: String(Number(message.offset) + 1) }])
  },
})
