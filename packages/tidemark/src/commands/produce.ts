import { addAbortSignal } from 'node:stream'
import { createAdmin, createProducer, type OutgoingMessage, type Producer } from '@tidemark/client'
import { textOf } from '@tidemark/client/internal'
import { counted, TidemarkError } from '@tidemark/platform'
import { Command, Option } from 'commander'
import { type ClusterOptions, connectedToChange, withCluster } from '../connection.ts'
import { usage } from '../exit.ts'
import { interrupts } from '../interrupts.ts'
import { say } from '../print/print.ts'
import { parsed } from '../records/json.ts'
import { type Line, linesOf } from '../records/lines.ts'

interface ProduceOptions extends ClusterOptions {
  readonly json?: boolean
  readonly keySeparator?: string
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly autoCreate: boolean
}

/** Lines that were read and are not acknowledged yet. */
const IN_FLIGHT_MAX = 10_000
/** How long a record may wait for a broker that is down. */
const PATIENCE_MS = 30_000

export function produceCommand(): Command {
  return withCluster(new Command('produce'))
    .argument('<TOPIC>')
    .option('--json', 'each line is a JSON object, as `tidemark consume -o json` prints it')
    .option('--key-separator <TEXT>', 'text between key and value in each line', separatorOf)
    .addOption(new Option('--compression <CODEC>', 'compress batches').choices(['none', 'gzip', 'snappy', 'lz4', 'zstd']).default('none'))
    .option('--no-auto-create', 'fail if the topic does not exist')
    .addHelpText('after', HELP)
    .action(produce)
}

const HELP = `
A JSON line has a "value" and may have "key", "headers", "partition" and
"timestampMs". Bytes that are not UTF-8 text are given as {"base64":"…"}; null is
a tombstone.

The first line that cannot be written ends the command. The lines before it are
written, and counted on stderr.

Examples:
  printf 'a:1\\nb:2\\n' | tidemark produce orders --key-separator :
  tidemark consume orders -o json | tidemark produce copy --json`

function separatorOf(text: string): string {
  if (text === '') throw usage('--key-separator is empty: every line would have an empty key; without the option records have none')
  return text
}

async function produce(topic: string, options: ProduceOptions): Promise<void> {
  if (options.json && options.keySeparator !== undefined)
    throw usage('--json and --key-separator exclude each other: a JSON line has its "key"')
  const { signal } = interrupts()
  await connectedToChange(options, async ({ kafka, log }) => {
    await mustBeReached(createAdmin(kafka).topics.describe(topic), options.autoCreate)
    log.start()
    const { compression, autoCreate } = options
    const limits = { maxBlockMs: PATIENCE_MS, deliveryTimeoutMs: PATIENCE_MS }
    await using producer = createProducer(kafka, { compression, autoCreate, lingerMs: 5, ...limits })
    const sending = new Sending(producer, topic, options, signal)
    await sending.run()
    say(`wrote ${counted(sending.acknowledged, 'record')} to ${topic}`)
    if (sending.failure !== undefined) throw sending.failure
  })
}

/** A cluster that cannot be reached fails at once, and not when the first line has waited for it. */
async function mustBeReached(described: Promise<unknown>, mayBeCreated: boolean): Promise<void> {
  try {
    await described
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.code !== 'UNKNOWN_TOPIC' || !mayBeCreated) throw error
  }
}

/**
 * From the first line to the last acknowledgement, or to the first line that fails: stdin is not read any further
 * then.
 */
class Sending {
  acknowledged = 0
  failure: unknown
  readonly #producer: Producer
  readonly #topic: string
  readonly #options: ProduceOptions
  readonly #inFlight = new Set<Promise<void>>()
  readonly #stop = new AbortController()

  constructor(producer: Producer, topic: string, options: ProduceOptions, signal: AbortSignal) {
    this.#producer = producer
    this.#topic = topic
    this.#options = options
    signal.addEventListener('abort', () => this.#stop.abort(), { once: true })
  }

  /** Resolves when everything that was sent has settled. */
  async run(): Promise<void> {
    const stopped = this.#stop.signal
    try {
      for await (const line of linesOf(addAbortSignal(stopped, process.stdin))) {
        this.#send(messageOf(line, this.#options), line.number)
        if (this.#inFlight.size >= IN_FLIGHT_MAX) await Promise.race(this.#inFlight)
        if (stopped.aborted) break
      }
    } catch (error) {
      if (!stopped.aborted) this.#fail(error)
    }
    process.stdin.destroy()
    await Promise.all(this.#inFlight)
  }

  #fail(error: unknown): void {
    this.failure ??= error
    this.#stop.abort()
  }

  #send(message: OutgoingMessage, line: number): void {
    const sent = this.#producer
      .send(this.#topic, message)
      .then(() => {
        this.acknowledged++
      })
      .catch((error) => this.#fail(ofLine(error, line)))
      .finally(() => this.#inFlight.delete(sent))
    this.#inFlight.add(sent)
  }
}

/** Errors of a record say which line it came from. */
function ofLine(error: unknown, line: number): unknown {
  if (!(error instanceof TidemarkError) || error.message.includes(`line ${line}`)) return error
  return new TidemarkError(error.code, `line ${line}: ${textOf(error)}`, { cause: error })
}

function messageOf({ number, bytes }: Line, options: ProduceOptions): OutgoingMessage {
  if (options.json) return parsed(bytes, number)
  const { keySeparator } = options
  if (keySeparator === undefined) return { value: bytes }
  const separator = Buffer.from(keySeparator)
  const at = bytes.indexOf(separator)
  if (at < 0) throw new TidemarkError('INVALID_MESSAGE', `line ${number} has no key separator '${keySeparator}'`)
  return { key: bytes.subarray(0, at), value: bytes.subarray(at + separator.length) }
}
