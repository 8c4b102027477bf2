/**
 * The main job, end to end, on real data: a producer writes flights, three consumer processes of a group keep a table of delays, one of
 * them and then the broker are killed in the middle, everyone goes on where they stopped, and an independent computation checks the table.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { type GroupPosition, groupPositions } from '@tidemark/offsets'
import { TidemarkError } from '@tidemark/platform'
import { type Flight, loadFlights } from './flights.ts'
import { Picture } from './picture.ts'
import { BrokerProcess, CounterProcess } from './processes.ts'
import { Progress } from './progress.ts'
import { DelayTable } from './table.ts'
import { judge, type Verdict } from './verdict.ts'

export interface DemoOptions {
  /** Fractions of the rows at which to kill; undefined: not at all. */
  readonly killConsumerAt: number | undefined
  readonly killBrokerAt: number | undefined
  /** A cluster that is there; undefined: a broker of our own, in a folder of its own. */
  readonly brokers: readonly string[] | undefined
  readonly keep: boolean
  readonly rowsPerSecond: number
  readonly signal: AbortSignal
}

const ROUNDS = 3
const PARTITIONS = 6
const COUNTERS = 3
const SEND_ROWS = 50
const REFRESH_MS = 200
/** How long the consumers may take for the rest once everything is produced. */
const REST_MS = 60_000
/** Short for our own broker, so that a killed member's partitions move soon; Kafka allows 6 s and more unless told otherwise. */
const SESSION_OWN_MS = 1_500
const SESSION_FOREIGN_MS = 6_000

export class Demo {
  readonly #options: DemoOptions
  readonly #flights: readonly Flight[] = loadFlights(ROUNDS)
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'tidemark-demo-'))
  readonly #broker: BrokerProcess | undefined
  readonly #progress: Progress
  readonly #counters: CounterProcess[] = []
  readonly #picture = process.stderr.isTTY ? new Picture() : undefined
  readonly #topic: string
  readonly #group: string
  #kafka: Kafka | undefined
  #positions: readonly GroupPosition[] = []

  constructor(options: DemoOptions) {
    this.#options = options
    this.#broker = options.brokers === undefined ? new BrokerProcess(path.join(this.#folder, 'broker')) : undefined
    const suffix = options.brokers === undefined ? '' : `-${path.basename(this.#folder).slice('tidemark-demo-'.length)}`
    this.#topic = `flights${suffix}`
    this.#group = `delays${suffix}`
    this.#progress = new Progress(PARTITIONS, (line) => {
      if (this.#picture === undefined) process.stderr.write(`${line}\n`)
    })
  }

  /** Resolves with whether everything agrees. Leaves no process and no file behind, unless `keep` was asked for. */
  async run(): Promise<boolean> {
    try {
      const verdict = await this.#work()
      return this.#report(verdict)
    } finally {
      await this.#end()
    }
  }

  get #brokers(): readonly string[] {
    return this.#options.brokers ?? [this.#broker!.address]
  }

  async #work(): Promise<Verdict> {
    const progress = this.#progress
    if (this.#broker !== undefined) {
      await this.#broker.start()
      progress.event(`broker ${this.#broker.pid} listens on ${this.#broker.address}`)
    }
    this.#kafka = createKafka({ brokers: this.#brokers, clientId: 'demo', retry: { delayMs: 50, delayMaxMs: 500 } })
    await createAdmin(this.#kafka).topics.create(this.#topic, { partitions: PARTITIONS })
    for (let i = 1; i <= COUNTERS; i++) this.#startCounter(`counter-${i}`)
    const watching = this.#watch()
    const table = new DelayTable(this.#tablePath)
    try {
      await this.#produce(this.#kafka)
      progress.event(`all ${progress.produced} rows are produced and acknowledged`)
      // The table is asked, not the reports: one that was under way when its consumer was killed never comes.
      await this.#until(() => table.rowsSeen() >= this.#flights.length, REST_MS)
      await Promise.all(this.#counters.map((counter) => counter.stop(10_000)))
      await this.#look()
      this.#draw()
      return judge(this.#flights, table)
    } finally {
      watching.stop()
      table.close()
    }
  }

  get #tablePath(): string {
    return path.join(this.#folder, 'delays.sqlite')
  }

  #startCounter(name: string): void {
    const counter = new CounterProcess(
      {
        brokers: this.#brokers,
        topic: this.#topic,
        group: this.#group,
        name,
        table: this.#tablePath,
        sessionTimeoutMs: this.#broker === undefined ? SESSION_FOREIGN_MS : SESSION_OWN_MS,
      },
      (report) => this.#progress.see(name, report),
    )
    this.#counters.push(counter)
    counter.start()
    this.#progress.event(`consumer ${name} starts as process ${counter.pid}`)
  }

  /** Writes all rows at the pace that was asked for; both kills fall in between. */
  async #produce(kafka: Kafka): Promise<void> {
    await using producer = createProducer(kafka, { compression: 'zstd', lingerMs: 5 })
    const kills = this.#kills()
    const startedMs = performance.now()
    const sent: Promise<unknown>[] = []
    for (let from = 0; from < this.#flights.length; from += SEND_ROWS) {
      this.#check()
      const rows = this.#flights.slice(from, from + SEND_ROWS)
      const messages = rows.map((flight) => ({ key: flight.origin, value: JSON.stringify(flight) }))
      sent.push(
        producer.send(this.#topic, messages).then(() => {
          this.#progress.produced += rows.length
        }),
      )
      for (const kill of kills) if (!kill.done && from >= kill.row) kill.begin()
      const due = startedMs + (from / this.#options.rowsPerSecond) * 1000
      if (due > performance.now()) await pause(due - performance.now())
    }
    await Promise.all([...sent, ...kills.map((kill) => kill.ended)])
  }

  #kills(): { row: number; done: boolean; ended: Promise<void> | undefined; begin(): void }[] {
    const { killConsumerAt, killBrokerAt } = this.#options
    const at = (fraction: number | undefined, act: () => Promise<void>) => {
      if (fraction === undefined) return []
      const kill = {
        row: fraction * this.#flights.length,
        done: false,
        ended: undefined as Promise<void> | undefined,
        begin: () => {
          kill.done = true
          kill.ended = act()
        },
      }
      return [kill]
    }
    return [
      ...at(killConsumerAt, () => this.#killCounter()),
      ...at(this.#broker === undefined ? undefined : killBrokerAt, () => this.#killBroker(this.#broker!)),
    ]
  }

  async #killCounter(): Promise<void> {
    const { owners } = this.#progress
    const victim = this.#counters.find((c) => [...owners.values()].includes(c.name)) ?? this.#counters[0]!
    const partitions = this.#progress.partitionsOf(victim.name)
    this.#progress.killed(victim.name, partitions)
    this.#progress.event(`SIGKILL to consumer ${victim.name}, which works on partitions ${partitions.join(', ')}`)
    await victim.kill()
    victim.start()
    this.#progress.event(`the supervisor starts ${victim.name} again as process ${victim.pid}`)
  }

  async #killBroker(broker: BrokerProcess): Promise<void> {
    this.#progress.killed('the broker', this.#progress.owners.keys())
    this.#progress.event(`SIGKILL to the broker`)
    await broker.kill()
    await broker.start()
    this.#progress.event(`the broker is started again from its folder as process ${broker.pid}`)
  }

  #watch(): { stop(): void } {
    let looking = false
    let printedMs = 0
    const timer = setInterval(() => {
      this.#draw()
      if (this.#picture === undefined && performance.now() - printedMs > 2_000) {
        printedMs = performance.now()
        const { produced, delivered } = this.#progress
        this.#progress.event(`${produced} produced, ${delivered} delivered`)
      }
      if (looking) return
      looking = true
      void this.#look().finally(() => {
        looking = false
      })
    }, REFRESH_MS)
    return { stop: () => clearInterval(timer) }
  }

  /** Asks where the group stands; while the broker is down the last answer stays. */
  async #look(): Promise<void> {
    try {
      this.#positions = (await groupPositions(this.#kafka!, this.#group)).positions
    } catch {}
  }

  #draw(): void {
    this.#picture?.draw(this.#progress, this.#positions, this.#flights.length)
  }

  async #until(done: () => boolean, limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs
    while (!done()) {
      this.#check()
      if (performance.now() > endMs)
        throw new TidemarkError('DEMO_FAILED', `the consumers did not come to the end within ${limitMs / 1000} s`)
      await pause(20)
    }
  }

  #check(): void {
    if (this.#options.signal.aborted) throw new TidemarkError('INTERRUPTED', 'interrupted')
    if (this.#progress.failure !== undefined) throw new TidemarkError('DEMO_FAILED', this.#progress.failure)
  }

  #report(verdict: Verdict): boolean {
    const { produced, delivered, deliveredAgain, appendedAgain, pauses, seconds } = this.#progress
    const committed = this.#positions.reduce((sum, p) => sum + (p.committed ?? 0), 0)
    const end = this.#positions.reduce((sum, p) => sum + (p.end ?? 0), 0)
    const agrees = verdict.differences.length === 0 && verdict.lost === 0 && verdict.countedTwice === 0 && committed === end
    const rows: [string, string | number][] = [
      ['produced', produced],
      ['delivered', delivered],
      ['delivered again', deliveredAgain],
      ['appended again', appendedAgain],
      ['lost', verdict.lost],
      ['counted twice', verdict.countedTwice],
      ['committed of', `${committed} of ${end}`],
      ...pauses.map((p): [string, string] => [
        `pause after ${p.what} was killed`,
        p.ms === undefined ? 'none seen' : `${Math.round(p.ms)} ms`,
      ]),
      ['seconds', seconds.toFixed(1)],
    ]
    const width = Math.max(...rows.map(([name]) => name.length))
    const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
    const checked = agrees
      ? `all ${verdict.airports} airports agree with a computation from the file alone`
      : `DIFFERENT from a computation from the file alone:\n${verdict.differences.join('\n')}`
    process.stdout.write(`\n${lines.join('\n')}\n\n${checked}\n`)
    return agrees
  }

  async #end(): Promise<void> {
    await Promise.all(this.#counters.map((counter) => counter.kill()))
    if (this.#options.keep && !this.#options.signal.aborted) await this.#stayUp()
    if (this.#broker === undefined && !this.#options.keep && this.#kafka !== undefined) {
      await createAdmin(this.#kafka)
        .topics.delete(this.#topic)
        .catch(() => {})
    }
    await this.#kafka?.close()
    await this.#broker?.stop()
    if (this.#options.keep) process.stderr.write(`the data stays in ${this.#folder}\n`)
    else rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #stayUp(): Promise<void> {
    const brokers = this.#brokers.join(',')
    process.stderr.write(
      `\nstill up, until Ctrl-C; have a look:\n  tidemark group describe ${this.#group} -b ${brokers}\n  tidemark consume ${this.#topic} --max 3 -b ${brokers}\n`,
    )
    if (!this.#options.signal.aborted)
      await new Promise((resolve) => this.#options.signal.addEventListener('abort', resolve, { once: true }))
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
