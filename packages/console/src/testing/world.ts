/** A console over a broker in memory, and requests to it as a browser or a program sends them. */
import { request } from 'node:http'
import { type Broker, type StartOptions, startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { type Console, type ConsoleOptions, startConsole } from '../index.ts'

export interface World extends AsyncDisposable {
  readonly broker: Broker
  readonly kafka: Kafka
  readonly console: Console
  /** Sends a request as it is told: headers that `fetch` would not send, paths that it would tidy. */
  send(path: string, options?: SendOptions): Promise<Reply>
  /** Records `key-I`, `value I` on one partition of a topic of its own. */
  fill(topic: string, records: number, partitions?: number): Promise<void>
}

export interface SendOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  json(): any
}

/** What a browser sends beside a request of the console's own page. */
export const ownPage = (port: number): Record<string, string> => ({
  origin: `http://127.0.0.1:${port}`,
  'sec-fetch-site': 'same-origin',
  'content-type': 'application/json',
})

export async function world(options: ConsoleOptions = {}, ofBroker: Partial<StartOptions> = {}): Promise<World> {
  const broker = await startBroker({ data: ':memory:', ...ofBroker })
  const kafka = createKafka({ brokers: broker.brokers, requestTimeoutMs: 5_000 })
  const console = await startConsole(kafka, options)
  return {
    broker,
    kafka,
    console,
    send: (path, sent) => send(console.port, path, sent),
    fill: (topic, records, partitions = 1) => fill(kafka, topic, records, partitions),
    async [Symbol.asyncDispose]() {
      await console.close()
      await kafka.close()
      await broker.close()
    },
  }
}

function send(port: number, path: string, { method = 'GET', headers = {}, body }: SendOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers: { host: `127.0.0.1:${port}`, ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text, json: () => JSON.parse(text) }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function fill(kafka: Kafka, topic: string, records: number, partitions: number): Promise<void> {
  await createAdmin(kafka).topics.create(topic, { partitions })
  await using producer = createProducer(kafka)
  const sends = Array.from({ length: records }, (_, i) => producer.send(topic, { key: `key-${i}`, value: `value ${i}`, partition: 0 }))
  await Promise.all(sends)
}
