/** kafkajs 2.2.4. */
import { createRequire } from 'node:module'
import { type Client, counting, inFlight } from './load.ts'

export function load(folder: string): Client {
  const { Kafka, logLevel } = createRequire(`${folder}/package.json`)('kafkajs')
  const connect = (brokers: string) => new Kafka({ clientId: 'bench', brokers: [brokers], logLevel: logLevel.NOTHING })
  return {
    async consume(asked) {
      const { brokers, topic, group, kind } = asked
      const consumer = connect(brokers).consumer({ groupId: group })
      const { handled, all } = counting(asked)
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: true })
      const handler =
        kind === 'each'
          ? { eachMessage: async () => handled(1) }
          : { eachBatch: async ({ batch }: { batch: { messages: unknown[] } }) => handled(batch.messages.length) }
      await consumer.run({ autoCommitInterval: 1000, partitionsConsumedConcurrently: 1, ...handler })
      await all.promise
      return () => consumer.disconnect()
    },

    async produce({ brokers, topic, value }) {
      const producer = connect(brokers).producer()
      await producer.connect()
      await producer.send({ topic, acks: -1, messages: [{ value }] })
      const messages = Array.from({ length: 1000 }, () => ({ value }))
      return {
        send: (count) => inFlight(count, (records) => producer.send({ topic, acks: -1, messages: messages.slice(0, records) })),
        close: () => producer.disconnect(),
      }
    },
  }
}
