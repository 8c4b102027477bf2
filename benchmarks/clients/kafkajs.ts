/** kafkajs 2.2.4. */
import { createRequire } from 'node:module'
import { type Client, inFlight } from './load.ts'

export function load(folder: string): Client {
  const { Kafka, logLevel } = createRequire(`${folder}/package.json`)('kafkajs')
  const connect = (brokers: string) => new Kafka({ clientId: 'bench', brokers: [brokers], logLevel: logLevel.NOTHING })
  return {
    async consume({ brokers, topic, group, count, kind, took }) {
      const consumer = connect(brokers).consumer({ groupId: group })
      const all = Promise.withResolvers<void>()
      let seen = 0
      const handled = (records: number): void => {
        took(records)
        seen += records
        if (seen >= count) all.resolve()
      }
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
