import { createAdmin, type Kafka, type Message, read } from '@tidemark/client'
import { handleOf } from '@tidemark/client/internal'
import { createConsumer } from '@tidemark/consumer'
import { Command, Option } from 'commander'
import { type ClusterOptions, connected, wholeNumber, withCluster } from '../connection.ts'
import { usage } from '../exit.ts'
import { say } from '../print/print.ts'

interface ConsumeOptions extends ClusterOptions {
  readonly from: string
  readonly group?: string
  readonly follow?: boolean
  readonly max?: number
  readonly partition?: number
  readonly output: 'value' | 'json'
}

export function consumeCommand(): Command {
  return withCluster(new Command('consume'))
    .description('Prints the records of a topic: from a place to the end, or in a group until Ctrl-C.')
    .argument('<TOPIC>')
    .option(
      '--from <PLACE>',
      'start, end, an offset, or a time such as @2026-11-22T14:00Z or @-1h; in a group: where nothing is committed',
      'start',
    )
    .option('-g, --group <GROUP>', 'in this group: goes on where it stopped, and commits what was printed')
    .option('-f, --follow', 'wait for more at the end')
    .option('-n, --max <N>', 'stop after so many records', wholeNumber('--max', 1))
    .option('--partition <N>', 'this partition alone', wholeNumber('--partition'))
    .addOption(new Option('-o, --output <FORMAT>', 'print the value, or all of the record').choices(['value', 'json']).default('value'))
    .action(consume)
}

type From = 'earliest' | 'latest' | Date | number

async function consume(topic: string, options: ConsumeOptions): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  await connected(options, async (kafka) => {
    await createAdmin(kafka).topics.describe(topic) // says clearly that it is not there
    const from = placeOf(options.from, handleOf(kafka).platform.clock.now())
    const count =
      options.group === undefined ? await readAll(kafka, topic, from, options, stop) : await inGroup(kafka, topic, from, options, stop)
    say(`${count} ${count === 1 ? 'record' : 'records'}`)
  })
}

async function readAll(kafka: Kafka, topic: string, from: From, options: ConsumeOptions, stop: AbortController): Promise<number> {
  let count = 0
  const { partition, follow, max } = options
  const settings = {
    from,
    ...(!follow && { to: 'end' as const }),
    ...(partition !== undefined && { partitions: [partition] }),
    signal: stop.signal,
  }
  try {
    for await (const message of read(kafka, topic, settings)) {
      await print(message, options.output)
      if (++count === max) break
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
  return count
}

async function inGroup(kafka: Kafka, topic: string, from: From, options: ConsumeOptions, stop: AbortController): Promise<number> {
  if (typeof from === 'number') throw usage('--from OFFSET goes without --group: a group begins at start, end or a time')
  if (options.partition !== undefined) throw usage('--partition goes without --group: the group decides who gets which partition')
  let count = 0
  await using consumer = createConsumer(kafka, { group: options.group!, startFrom: from, sessionTimeoutMs: 10_000 })
  const later = { attempts: 1_000, delayMs: 60_000, delayMaxMs: 60_000 }
  consumer.each(topic, { order: 'none', concurrency: 1, retry: later }, async (message) => {
    if (count === options.max) throw new Error('left for the next member: the run is ending')
    count++
    await print(message, options.output)
    if (count === options.max) stop.abort()
  })
  await consumer.run({ signal: stop.signal })
  return count
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `start`, `end`, an offset, `@time` or `@-1h`; Kafka's own words are accepted too. */
function placeOf(text: string, nowMs: number): From {
  if (text === 'start' || text === 'earliest' || text === 'beginning') return 'earliest'
  if (text === 'end' || text === 'latest') return 'latest'
  if (/^\d+$/.test(text)) return Number(text)
  const ago = /^@-(\d+)([smhd])$/.exec(text)
  const time = ago ? new Date(nowMs - Number(ago[1]) * UNITS[ago[2]!]!) : new Date(text.slice(1))
  if (!text.startsWith('@') || Number.isNaN(time.getTime())) {
    throw usage(`'${text}' is no place; write start, end, an offset, @2026-11-22T14:00Z or @-1h`)
  }
  say(`from ${time.toISOString()}`)
  return time
}

/** Resolves when stdout takes more. */
function print(message: Message, output: 'value' | 'json'): Promise<void> | undefined {
  const { topic, partition, offset, timestampMs, key, value, headers } = message
  const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString())
  const line =
    output === 'value'
      ? (text(value) ?? '')
      : JSON.stringify({
          topic,
          partition,
          offset,
          timestampMs,
          key: text(key),
          value: text(value),
          headers: headers.map((h) => [h.key, text(h.value)]),
        })
  if (process.stdout.write(`${line}\n`)) return undefined
  return new Promise((resolve) => process.stdout.once('drain', resolve))
}
