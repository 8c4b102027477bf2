/** @platformatic/kafka 2.12.1: its consumer gives records one by one. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { type Client, counting, inFlight } from './load.ts'

export async function load(folder: string): Promise<Client> {
  const entry = createRequire(`${folder}/package.json`).resolve('@platformatic/kafka')
  const { Consumer, Producer } = await import(pathToFileURL(entry).href)
  const common = { clientId: 'bench', timeout: 30_000 }
  return {
    async consume(asked) {
      const { brokers, topic, group } = asked
      const consumer = new Consumer({ ...common, groupId: group, bootstrapBrokers: [brokers], autocommit: 1000 })
      const stream = await consumer.consume({
        topics: [topic],
        mode: 'earliest',
        fallbackMode: 'earliest',
        autocommit: 1000,
        maxWaitTime: 500,
      })
      const { handled, all } = counting(asked)
      stream.on('error', all.reject)
      stream.on('data', () => handled(1))
      await all.promise
      return async () => {
        await stream.close()
        await consumer.close(true)
      }
    },

    async produce({ brokers, topic, value }) {
      const producer = new Producer({ ...common, bootstrapBrokers: [brokers], acks: -1 })
      await producer.send({ messages: [{ topic, value }], acks: -1 })
      const messages = Array.from({ length: 1000 }, () => ({ topic, value }))
      return {
        send: (count) => inFlight(count, (records) => producer.send({ messages: messages.slice(0, records), acks: -1 })),
        close: () => producer.close(),
      }
    },
  }
}
