/**
 * node-rdkafka 3.6.1: librdkafka in Node. Both kinds are its `consume(1000)`, a call a batch or a call for each of it.
 */
import { createRequire } from 'node:module'
import type { Client } from './load.ts'

export function load(folder: string): Client {
  const rdkafka = createRequire(`${folder}/package.json`)('node-rdkafka')
  const connected = (client: any): Promise<void> =>
    new Promise((resolve, reject) => {
      client.on('ready', () => resolve()).on('event.error', reject)
      client.connect()
    })
  return {
    async consume({ brokers, topic, group, count, kind, took }) {
      const settings = { 'metadata.broker.list': brokers, 'group.id': group, 'auto.commit.interval.ms': 1000 }
      const consumer = new rdkafka.KafkaConsumer(settings, { 'auto.offset.reset': 'earliest' })
      consumer.setDefaultConsumeTimeout(100)
      await connected(consumer)
      consumer.subscribe([topic])
      const all = Promise.withResolvers<void>()
      let seen = 0
      const next = (): void => {
        consumer.consume(1000, (error: Error | null, messages: unknown[]) => {
          if (error) return all.reject(error)
          if (kind === 'each') for (const _ of messages) took(1)
          else if (messages.length > 0) took(messages.length)
          seen += messages.length
          if (seen >= count) all.resolve()
          else next()
        })
      }
      next()
      await all.promise
      return () => new Promise<void>((resolve) => consumer.disconnect(() => resolve()))
    },

    async produce({ brokers, topic, value }) {
      const producer = new rdkafka.Producer(
        { 'metadata.broker.list': brokers, dr_cb: true, 'queue.buffering.max.messages': 200_000, 'linger.ms': 5 },
        { acks: -1 },
      )
      await connected(producer)
      producer.setPollInterval(5)
      let acknowledged = 0
      const send = (count: number): Promise<void> =>
        new Promise((resolve, reject) => {
          let sent = 0
          producer.removeAllListeners('delivery-report')
          acknowledged = 0
          producer.on('delivery-report', (error: Error | null) => {
            if (error) reject(error)
            if (++acknowledged === count) resolve()
          })
          const more = (): void => {
            for (let i = 0; i < 1000 && sent < count && sent - acknowledged < 100_000; i++, sent++) producer.produce(topic, null, value)
            if (sent < count) setImmediate(more)
          }
          more()
        })
      return { send, close: () => new Promise<void>((resolve) => producer.disconnect(() => resolve())) }
    },
  }
}
