import { createAdmin, type Kafka, type Message, type ReadOptions, read } from '@tidemark/client'
import { createConsumer } from '@tidemark/consumer'
import type { SchemaRegistry } from '@tidemark/offsets'
import type { TidemarkError } from '@tidemark/platform'
import { counted } from '@tidemark/platform'
import { Command, Option } from 'commander'
import { type ClusterOptions, connected, connectedToChange, withCluster } from '../connection.ts'
import { usage } from '../exit.ts'
import { interrupts } from '../interrupts.ts'
import { outputFailed, write, writeBuffered } from '../print/output.ts'
import { say } from '../print/print.ts'
import { decodedText, Problems } from '../records/decoded.ts'
import { printed } from '../records/json.ts'
import { type Place, placeOf } from '../records/place.ts'
import { type RegistryFlags, registryOf, withRegistry } from '../registry.ts'
import { INT32_MAX, wholeNumber } from '../values.ts'
import { watchCluster } from '../watchdog.ts'

interface ConsumeOptions extends ClusterOptions, RegistryFlags {
  readonly from?: string
  readonly to?: string
  readonly group?: string
  readonly follow?: boolean
  readonly max?: number
  readonly partition?: number
  readonly output: 'value' | 'json'
}

export function consumeCommand(): Command {
  return withRegistry(withCluster(new Command('consume')))
    .argument('<TOPIC>')
    .option('--from <PLACE>', 'where to begin (default: start); in a group: only where nothing is committed')
    .option('--to <PLACE>', 'where to stop, exclusive (default: end, as it is now)')
    .option('-g, --group <GROUP>', 'join this group: continue where it stopped, and commit what was printed')
    .option('-f, --follow', 'wait for new records at the end')
    .option('-n, --max <N>', 'stop after N records', wholeNumber('--max', 1))
    .option('--partition <N>', 'read this partition alone', wholeNumber('--partition', 0, INT32_MAX))
    .addOption(new Option('-o, --output <FORMAT>', 'print the value, or the whole record').choices(['value', 'json']).default('value'))
    .addHelpText('after', HELP)
    .action(consume)
}

const HELP = `
PLACE is start, end, an offset, or a time: @2026-11-22T14:00Z, @-1h (s, m, h or d).
'-o value' prints the bytes of the value and a newline. '-o json' prints one object
a line, which 'tidemark produce --json' takes; bytes that are not UTF-8 text are
printed as {"base64":"…"}. With a schema registry '-o value' prints what it decodes as
JSON, and the bytes of all else; '-o json' adds it as 'decoded', beside the bytes.

Examples:
  tidemark consume orders                         everything up to now
  tidemark consume orders --from @-1h --follow    the last hour, and new records
  tidemark consume orders --group billing         continue where the group stopped
  tidemark consume orders --registry http://127.0.0.1:8081`

async function consume(topic: string, options: ConsumeOptions): Promise<void> {
  const { signal } = interrupts()
  // A group commits.
  const connect = options.group === undefined ? connected : connectedToChange
  await connect(options, async ({ kafka, log }) => {
    const places = checked(options)
    const registry = await registryOf(options)
    await createAdmin(kafka).topics.describe(topic)
    log.start()
    const printing = new Printing(kafka, topic, options, registry, signal)
    if (options.group === undefined) await printing.all(places)
    else await printing.inGroup(options.group, places.from)
    say(counted(printing.count, 'record'))
    if (printing.failure !== undefined) throw printing.failure
  })
}

interface Places {
  readonly from: Place
  readonly to: Place | undefined
}

/** Throws usage errors for options that exclude each other, and echoes times as they were resolved. */
function checked({ from: fromText, to: toText, group, follow, partition }: ConsumeOptions): Places {
  const nowMs = Date.now()
  const from = fromText === undefined ? 'earliest' : placeOf('--from', fromText, nowMs)
  const to = toText === undefined ? undefined : placeOf('--to', toText, nowMs)
  if (group !== undefined) {
    if (group === '') throw usage('--group must not be empty')
    if (typeof from === 'number') throw usage('--from OFFSET cannot be used with --group: a group begins at start, end or a time')
    if (to !== undefined) throw usage('--to cannot be used with --group: stop with --max or Ctrl-C')
    if (partition !== undefined) throw usage('--partition cannot be used with --group: the group assigns partitions to its members')
  }
  if (follow && to !== undefined) throw usage('--to and --follow exclude each other')
  if (to === 'earliest') throw usage('--to start reads nothing')
  if (from instanceof Date) say(`from ${from.toISOString()}`)
  if (to instanceof Date) say(`to ${to.toISOString()}`)
  return { from, to }
}

/** Prints records until the end, the limit, a signal, or until stdout takes no more. */
class Printing {
  count = 0
  /** Why it ended early. */
  failure: unknown
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #options: ConsumeOptions
  readonly #registry: SchemaRegistry | undefined
  readonly #problems = new Problems()
  readonly #stop = new AbortController()

  constructor(kafka: Kafka, topic: string, options: ConsumeOptions, registry: SchemaRegistry | undefined, signal: AbortSignal) {
    this.#kafka = kafka
    this.#topic = topic
    this.#options = options
    this.#registry = registry
    signal.addEventListener('abort', () => this.#stop.abort(), { once: true })
    outputFailed.addEventListener('abort', () => this.#fail(outputFailed.reason), { once: true })
  }

  #fail(error: unknown): void {
    this.failure ??= error
    this.#stop.abort()
  }

  async all({ from, to }: Places): Promise<void> {
    const { follow, max, partition } = this.#options
    const stopped = this.#stop.signal
    const settings: ReadOptions = {
      from,
      ...(!follow && { to: to === undefined || to === 'latest' ? 'end' : (to as Date | number) }),
      ...(partition !== undefined && { partitions: [partition] }),
      signal: stopped,
    }
    using watchdog = this.#watchdog(!follow || max !== undefined)
    try {
      for await (const message of read(this.#kafka, this.#topic, settings)) {
        watchdog?.sawRecord()
        await writeBuffered(await this.#line(message))
        if (++this.count === max) break
      }
    } catch (error) {
      if (!stopped.aborted) throw error
    }
  }

  async inGroup(group: string, startFrom: Place): Promise<void> {
    await this.#sayWhatFromMeans(group)
    const { max } = this.#options
    using watchdog = this.#watchdog(max !== undefined)
    await using consumer = createConsumer(this.#kafka, { group, startFrom: startFrom as Exclude<Place, number>, sessionTimeoutMs: 10_000 })
    // A record that is not printed is never tried again in this run: the next member gets it.
    const retry = { attempts: 1_000, delayMs: 60_000, delayMaxMs: 60_000 }
    consumer.each(this.#topic, { order: 'none', concurrency: 1, retry }, async (message) => {
      if (this.#stop.signal.aborted) throw new Error('left for the next member: this run is ending')
      watchdog?.sawRecord()
      await write(await this.#line(message))
      if (++this.count === max) this.#stop.abort()
    })
    await consumer.run({ signal: this.#stop.signal })
  }

  async #sayWhatFromMeans(group: string): Promise<void> {
    const { from } = this.#options
    if (from === undefined) return
    const committed = (await createAdmin(this.#kafka).groups.offsets(group)).filter(({ topic }) => topic === this.#topic)
    if (committed.length === 0) return
    say(
      `--from ${from} is ignored where group ${group} has a committed offset: ${counted(committed.length, 'partition')} of ${this.#topic}`,
    )
  }

  #watchdog(isBounded: boolean) {
    const onGone = (error: TidemarkError): void => this.#fail(error)
    return isBounded ? watchCluster(this.#kafka, this.#topic, onGone) : undefined
  }

  async #line(message: Message): Promise<string | Buffer> {
    const decoded = await this.#registry?.decode(message, { signal: this.#stop.signal })
    if (decoded !== undefined) this.#problems.say(decoded)
    if (this.#options.output === 'json') return `${printed(message, decoded)}\n`
    const text = decodedText(decoded?.value)
    if (text !== undefined) return `${text}\n`
    return message.value === null ? NEWLINE : Buffer.concat([message.value, NEWLINE])
  }
}

const NEWLINE = Buffer.from('\n')
