/**
 * The main job, end to end, on real data: a producer writes flights, three consumer processes of a group keep a table
 * of delays. One of them, and later the broker, is killed and continues where it stopped. An independent computation
 * checks the table.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Admin, type CallLimits, createAdmin, createKafka, createProducer, type Kafka } from '@tidemark/client'
import { type GroupPosition, groupPositions } from '@tidemark/offsets'
import { counted, numberText, TidemarkError } from '@tidemark/platform'
import { RetryLog } from '../print/log.ts'
import { write } from '../print/output.ts'
import { say } from '../print/print.ts'
import { type Flight, loadFlights } from './flights.ts'
import { Canvas, pictureOf } from './picture.ts'
import { BrokerProcess, CounterProcess } from './processes.ts'
import { listed, Progress } from './progress.ts'
import { DelayTable } from './table.ts'
import { judge, type Verdict } from './verdict.ts'

export interface DemoOptions {
  /** Fractions of the rows at which to kill; undefined: not at all. */
  readonly killConsumerAt: number | undefined
  readonly killBrokerAt: number | undefined
  /** A cluster that is running already; undefined: a broker of the demo's own, in a folder of its own. */
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
/**
 * How long the group waits for a consumer that was killed. Short on the demo's own broker; Kafka's
 * `group.min.session.timeout.ms` is 6 s.
 */
const SESSION_OWN_MS = 1_500
const SESSION_FOREIGN_MS = 6_000
const LOOK_MS_MAX = 2_000
const STOP_MS_MAX = 10_000
const RETRY_MS = 500

export class Demo {
  readonly #options: DemoOptions
  readonly #flights: readonly Flight[] = loadFlights(ROUNDS)
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'tidemark-demo-'))
  readonly #broker: BrokerProcess | undefined
  readonly #progress: Progress
  readonly #counters: CounterProcess[] = []
  readonly #canvas = process.stderr.isTTY ? new Canvas(process.stderr) : undefined
  readonly #topic: string
  readonly #group: string
  #kafka: Kafka | undefined
  #hasEnded = false
  #positions: readonly GroupPosition[] = []

  constructor(options: DemoOptions) {
    this.#options = options
    this.#broker = options.brokers === undefined ? new BrokerProcess(path.join(this.#folder, 'broker')) : undefined
    const suffix = options.brokers === undefined ? '' : `-${path.basename(this.#folder).slice('tidemark-demo-'.length)}`
    this.#topic = `flights${suffix}`
    this.#group = `delays${suffix}`
    const clocks = { monotonic: () => performance.now(), now: () => Date.now() }
    this.#progress = new Progress(PARTITIONS, clocks, (line) => {
      if (this.#canvas === undefined) say(line)
    })
  }

  /** Resolves with whether everything agrees. Leaves no process and no file behind, unless `keep` was asked for. */
  async run(): Promise<boolean> {
    try {
      const verdict = await this.#work()
      return await this.#report(verdict)
    } finally {
      await this.#end()
    }
  }

  /** Ends at once, synchronously: no process and no file of the demo's own is left. */
  abandon(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    for (const counter of this.#counters) counter.abandon()
    this.#broker?.abandon()
    if (!this.#options.keep) rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
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
    this.#kafka = createKafka({ brokers: this.#brokers, clientId: 'demo', retry: { delayMs: 50, delayMaxMs: 500 }, logger: new RetryLog() })
    await createAdmin(this.#kafka).topics.create(this.#topic, { partitions: PARTITIONS })
    for (let i = 1; i <= COUNTERS; i++) this.#startCounter(`counter-${i}`)
    const watching = this.#watch()
    const table = new DelayTable(this.#tablePath)
    try {
      await this.#produce(this.#kafka)
      progress.event(`all ${progress.produced} flights are written and acknowledged`)
      // Counted in the table and not by reports: the last reports of a killed consumer never arrive.
      await this.#until(() => table.rowsSeen() >= this.#flights.length, REST_MS)
      await Promise.all(this.#counters.map((counter) => counter.stop(STOP_MS_MAX)))
      await this.#look()
      this.#draw()
      return judge(this.#flights, table)
    } finally {
      watching.stop()
      table.close()
    }
  }

  get #sessionMs(): number {
    return this.#broker === undefined ? SESSION_FOREIGN_MS : SESSION_OWN_MS
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
        sessionTimeoutMs: this.#sessionMs,
      },
      (worker, report) => this.#progress.see(worker, report),
    )
    this.#counters.push(counter)
    counter.start()
    this.#progress.event(`consumer ${name} starts as process ${counter.worker.pid}`)
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
    const progress = this.#progress
    const victim = this.#counters.find((c) => progress.partitionsOf(c.worker).length > 0) ?? this.#counters[0]!
    progress.event(`SIGKILL to consumer ${victim.name}, which works on ${listed(progress.partitionsOf(victim.worker))}`)
    const taken = progress.killedConsumer(victim.worker)
    await victim.kill()
    // Started again only then, so that other members take its partitions over.
    const limitMs = performance.now() + 2 * this.#sessionMs
    while (taken.ms === undefined && performance.now() < limitMs && !this.#options.signal.aborted) await pause(20)
    if (this.#options.signal.aborted) return
    victim.start()
    progress.event(`${victim.name} is started again as process ${victim.worker.pid}`)
  }

  async #killBroker(broker: BrokerProcess): Promise<void> {
    this.#progress.event('SIGKILL to the broker')
    this.#progress.killedBroker()
    await broker.kill()
    await broker.start()
    this.#progress.event(`the broker is started again from its folder as process ${broker.pid}`)
  }

  #watch(): { stop(): void } {
    let isLooking = false
    let printedMs = 0
    const timer = setInterval(() => {
      this.#progress.tellMoves()
      this.#draw()
      if (this.#canvas === undefined && performance.now() - printedMs > 2_000) {
        printedMs = performance.now()
        const { produced, handledText } = this.#progress
        this.#progress.event(`${produced} produced, ${handledText}`)
      }
      if (isLooking) return
      isLooking = true
      void this.#look().finally(() => {
        isLooking = false
      })
    }, REFRESH_MS)
    return { stop: () => clearInterval(timer) }
  }

  /** Asks where the group stands; while the broker is down the last answer stays. */
  async #look(): Promise<void> {
    try {
      this.#positions = (await groupPositions(this.#kafka!, this.#group, { timeoutMs: LOOK_MS_MAX })).positions
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error
    }
  }

  #draw(): void {
    const canvas = this.#canvas
    canvas?.draw(pictureOf(this.#progress, this.#positions, this.#flights.length, canvas.screen))
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

  async #report(verdict: Verdict): Promise<boolean> {
    const { produced, deliveredAgain, appendedAgain, pauses, seconds } = this.#progress
    // By the table: the last reports of a killed process never arrived.
    const handled = produced - verdict.lost + deliveredAgain + appendedAgain
    const committed = this.#positions.reduce((sum, p) => sum + (p.committed ?? 0), 0)
    const end = this.#positions.reduce((sum, p) => sum + (p.end ?? 0), 0)
    const agrees = verdict.differences.length === 0 && verdict.lost === 0 && verdict.countedTwice === 0 && committed === end
    const rows: [string, string | number][] = [
      ['flights produced', produced],
      ['records handled', handled],
      ['  of them handled again', deliveredAgain],
      ['  of them written twice', appendedAgain],
      ['flights lost', verdict.lost],
      ['flights counted twice', verdict.countedTwice],
      ['committed offsets', `${numberText(committed)}, of ${counted(end, 'record')}`],
      ...pauses.map(({ what, ms }): [string, string] => [`pause, ${what} killed`, ms === undefined ? 'none seen' : `${Math.round(ms)} ms`]),
      ['seconds in all', seconds.toFixed(1)],
    ]
    const width = Math.max(...rows.map(([name]) => name.length))
    const lines = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
    const checked = agrees
      ? `all ${verdict.airports} airports agree with a count of the file alone`
      : `DIFFERENT from a count of the file alone:\n${verdict.differences.join('\n')}`
    await write(`\n${lines.join('\n')}\n\n${this.#whyThePause(pauses.length)}${checked}\n`)
    return agrees
  }

  /** Lines of at most 59 characters. */
  #whyThePause(pauses: number): string {
    if (pauses === 0 || this.#options.killConsumerAt === undefined) return ''
    const elsewhere =
      this.#broker === undefined
        ? 'Kafka allows no shorter one by default.'
        : 'Kafka allows 6 s at the least\nby default, and its consumers ask for 45 s.'
    return `A group waits for a killed consumer for its session\ntime-out, ${this.#sessionMs / 1000} s here. ${elsewhere}\n\n`
  }

  async #end(): Promise<void> {
    if (this.#hasEnded) return
    const isForeign = this.#broker === undefined
    // On a cluster that stays, the members leave their group, so that it can be deleted.
    await Promise.all(this.#counters.map((counter) => (isForeign ? counter.stop(STOP_MS_MAX) : counter.kill())))
    if (this.#options.keep && !this.#options.signal.aborted) await this.#stayUp()
    if (isForeign && !this.#options.keep && this.#kafka !== undefined) await this.#cleanUp(createAdmin(this.#kafka))
    await this.#kafka?.close()
    await this.#broker?.stop()
    this.#hasEnded = true
    if (this.#options.keep) say(`the data stays in ${this.#folder}`)
    else rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  /** Topic and group of a foreign cluster. What cannot be deleted is named, and does not fail the demo. */
  async #cleanUp(admin: Admin): Promise<void> {
    const limits = { timeoutMs: 5_000 }
    const steps = [
      ['group', this.#group, () => this.#deleteGroup(admin, limits)],
      ['topic', this.#topic, () => admin.topics.delete(this.#topic, limits)],
    ] as const
    for (const [kind, name, remove] of steps) {
      try {
        await remove()
      } catch (error) {
        if (!(error instanceof TidemarkError)) throw error
        if (error.code === 'UNKNOWN_GROUP' || error.code === 'UNKNOWN_TOPIC') continue
        say(`the ${kind} ${name} stays in the cluster: ${error.message}`)
      }
    }
  }

  /** A member that was killed is in the group for its session time-out. */
  async #deleteGroup(admin: Admin, limits: CallLimits): Promise<void> {
    const untilMs = performance.now() + 2 * this.#sessionMs
    for (;;) {
      try {
        return await admin.groups.delete(this.#group, limits)
      } catch (error) {
        const isNotEmpty = error instanceof TidemarkError && error.code === 'NON_EMPTY_GROUP'
        if (!isNotEmpty || performance.now() > untilMs) throw error
        await pause(RETRY_MS)
      }
    }
  }

  async #stayUp(): Promise<void> {
    const brokers = this.#brokers.join(',')
    const commands = [`tidemark group describe ${this.#group} -b ${brokers}`, `tidemark consume ${this.#topic} --max 3 -b ${brokers}`]
    for (const line of ['', 'still up, until Ctrl-C; have a look:', ...commands.map((it) => `  ${it}`)]) say(line)
    if (!this.#options.signal.aborted)
      await new Promise((resolve) => this.#options.signal.addEventListener('abort', resolve, { once: true }))
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
