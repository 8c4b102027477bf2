import { startBroker } from '@tidemark/broker'
import { createKafka, createProducer } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'

await using broker = await startBroker({ data: ':memory:' })
await using kafka = createKafka({ brokers: broker.brokers })
await using producer = createProducer(kafka)
await producer.send('orders', { key: 'a', value: 'two apples' })

const stop = new AbortController()
await using consumer = createConsumer(kafka, { group: 'billing' })
consumer.each('orders', { order: 'key', concurrency: 256 }, async (message) => {
  console.log(message.value?.toString())
  stop.abort()
})
await consumer.run({ signal: stop.signal })
