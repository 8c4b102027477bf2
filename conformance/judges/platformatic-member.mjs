// A member of a group of @platformatic/kafka's, in a process of its own: platformatic-member.mjs FOLDER BROKER TOPIC
// GROUP NAME. Prints `partition offset` for each record, and commits it.
import { createRequire } from 'node:module'

const [folder, broker, topic, groupId, clientId] = process.argv.slice(2)
const { Consumer, stringDeserializers } = await import(createRequire(`${folder}/package.json`).resolve('@platformatic/kafka'))
const consumer = new Consumer({
  groupId,
  clientId,
  bootstrapBrokers: [broker],
  deserializers: stringDeserializers,
  sessionTimeout: 6_000,
  rebalanceTimeout: 10_000,
  heartbeatInterval: 500,
})
const stream = await consumer.consume({ topics: [topic], mode: 'committed', fallbackMode: 'earliest', autocommit: false, maxWaitTime: 200 })
for await (const message of stream) {
  process.stdout.write(`${message.partition} ${message.offset}\n`)
  await message.commit()
}
