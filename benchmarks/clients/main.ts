/**
 * One client under one load: `main.ts CLIENT FOLDER VERB KIND BROKERS TOPIC COUNT BYTES`. Prints its figures as one
 * line of JSON. The clock of a consumer runs from the first record to the last one, that of a producer from the first
 * send to the last acknowledgement.
 */
import { performance } from 'node:perf_hooks'
import type { Client } from './load.ts'

const [name, folder, verb, kind, brokers, topic, count, bytes] = process.argv.slice(2) as [
  string,
  string,
  string,
  'each' | 'batch',
  string,
  string,
  string,
  string,
]

/** A tenth goes before the clock runs: a producer's code is compiled by then. */
const WARM_SHARE = 10

async function clientOf(name: string): Promise<Client> {
  if (name === 'tidemark') return (await import('./tidemark.ts')).client
  if (name === 'kafkajs') return (await import('./kafkajs.ts')).load(folder)
  if (name === 'platformatic') return (await import('./platformatic.ts')).load(folder)
  return (await import('./rdkafka.ts')).load(folder)
}

interface Figures {
  readonly perSecond: number
  readonly seconds: number
  readonly cpu: number
}

const figures = (records: number, began: number, cpu: NodeJS.CpuUsage): Figures => {
  const seconds = (performance.now() - began) / 1000
  const used = process.cpuUsage(cpu)
  return { perSecond: records / seconds, seconds, cpu: (used.user + used.system) / 1e6 }
}

async function consume(client: Client, count: number): Promise<Figures> {
  let began = 0
  let first = 0
  let cpu = process.cpuUsage()
  const took = (records: number): void => {
    if (began !== 0) return
    began = performance.now()
    first = records
    cpu = process.cpuUsage()
  }
  const close = await client.consume({ brokers, topic, group: `bench-${process.pid}-${name}`, count, kind, took })
  const result = figures(count - first, began, cpu)
  await close()
  return result
}

async function produce(client: Client, count: number): Promise<Figures> {
  const producer = await client.produce({ brokers, topic, value: Buffer.alloc(Number(bytes), 'tidemark ') })
  await producer.send(Math.round(count / WARM_SHARE))
  const began = performance.now()
  const cpu = process.cpuUsage()
  await producer.send(count)
  const result = figures(count, began, cpu)
  await producer.close()
  return result
}

const client = await clientOf(name)
console.log(JSON.stringify(await (verb === 'consume' ? consume(client, Number(count)) : produce(client, Number(count)))))
process.exit(0) // some clients leave a timer behind
