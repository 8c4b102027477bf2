/** Our client and consumer, with their defaults. */
import { createKafka, createProducer } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import { type Client, counting, inFlight } from './load.ts'

export const client: Client = {
  async consume(asked) {
    const { brokers, topic, group, kind } = asked
    const kafka = createKafka({ brokers: [brokers] })
    const consumer = createConsumer(kafka, { group })
    const { handled, all } = counting(asked)
    if (kind === 'each') consumer.each(topic, {}, () => handled(1))
    else consumer.batches(topic, { recordsMax: 10_000 }, (batch) => handled(batch.messages.length))
    const running = consumer.run()
    await Promise.race([all.promise, running])
    return async () => {
      await consumer.close()
      await kafka.close()
    }
  },

  async produce({ brokers, topic, value }) {
    const kafka = createKafka({ brokers: [brokers] })
    const producer = createProducer(kafka)
    await producer.send(topic, { value })
    const messages = Array.from({ length: 1000 }, () => ({ value }))
    return {
      send: (count) => inFlight(count, (records) => producer.send(topic, records === 1000 ? messages : messages.slice(0, records))),
      close: async () => {
        await producer.close()
        await kafka.close()
      },
    }
  },
}
