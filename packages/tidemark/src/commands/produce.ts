import { createInterface } from 'node:readline'
import { createProducer, type Producer } from '@tidemark/client'
import { Command, Option } from 'commander'
import { type ClusterOptions, connected, withCluster } from '../connection.ts'
import { usage } from '../exit.ts'
import { say } from '../print/print.ts'

interface ProduceOptions extends ClusterOptions {
  readonly json?: boolean
  readonly keySeparator?: string
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly autoCreate: boolean
}

interface Line {
  readonly key?: string | null
  readonly value: string | null
  readonly headers?: Record<string, string>
  readonly partition?: number
}

/** Lines that were read and are not acknowledged yet. */
const IN_FLIGHT_MAX = 10_000

export function produceCommand(): Command {
  return withCluster(new Command('produce'))
    .description('Writes what it reads from stdin to a topic: a record a line.')
    .argument('<TOPIC>')
    .option('--json', 'each line is an object: { "value": …, "key": …, "headers": { … }, "partition": … }')
    .option('--key-separator <TEXT>', 'what stands before it in a line is the key')
    .addOption(new Option('--compression <CODEC>', 'compress batches').choices(['none', 'gzip', 'snappy', 'lz4', 'zstd']).default('none'))
    .option('--no-auto-create', 'fail if the topic is not there')
    .action(produce)
}

async function produce(topic: string, options: ProduceOptions): Promise<void> {
  await connected(options, async (kafka) => {
    await using producer = createProducer(kafka, { compression: options.compression, autoCreate: options.autoCreate, lingerMs: 5 })
    const count = await sendLines(producer, topic, options)
    say(`wrote ${count} ${count === 1 ? 'record' : 'records'} to ${topic}`)
  })
}

async function sendLines(producer: Producer, topic: string, options: ProduceOptions): Promise<number> {
  const inFlight = new Set<Promise<unknown>>()
  let failure: unknown
  let count = 0
  for await (const text of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (failure !== undefined) break
    count++
    const sent: Promise<unknown> = producer
      .send(topic, lineOf(text, count, options))
      .catch((error) => {
        failure ??= error
      })
      .finally(() => inFlight.delete(sent))
    inFlight.add(sent)
    if (inFlight.size >= IN_FLIGHT_MAX) await Promise.race(inFlight)
  }
  await Promise.all(inFlight)
  if (failure !== undefined) throw failure
  return count
}

function lineOf(text: string, number: number, options: ProduceOptions): Line {
  if (options.json) return objectOf(text, number)
  const { keySeparator } = options
  if (keySeparator === undefined) return { value: text }
  const at = text.indexOf(keySeparator)
  if (at < 0) throw usage(`line ${number} has no key separator '${keySeparator}'`)
  return { key: text.slice(0, at), value: text.slice(at + keySeparator.length) }
}

function objectOf(text: string, number: number): Line {
  let value: any
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw usage(`line ${number} is no JSON: ${(error as Error).message}`)
  }
  if (value === null || typeof value !== 'object' || !('value' in value)) throw usage(`line ${number} is no object with a 'value'`)
  const asText = (v: unknown): string | null => (v === null || v === undefined ? null : typeof v === 'string' ? v : JSON.stringify(v))
  return {
    value: asText(value.value),
    ...(value.key !== undefined && { key: asText(value.key) }),
    ...(value.headers !== undefined && { headers: value.headers }),
    ...(value.partition !== undefined && { partition: value.partition }),
  }
}
