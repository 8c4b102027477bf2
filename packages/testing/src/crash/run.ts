/**
 * One run of a service in the simulated world: a broker, the members of its group, and what goes wrong, all from one
 * seed.
 *
 * A crash drops every callback that its process waits for. Code of a handler that goes on within the same turn does
 * nothing to the world any more: effects of a process that is dead do not happen.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, type Kafka, type ReceivedMessage } from '@tidemark/client'
import type { Consumer, Context } from '@tidemark/consumer'
import { TidemarkError } from '@tidemark/platform'
import { Faults } from '../faults/rules.ts'
import { faultyTransport } from '../faults/transport.ts'
import { SimulatedDisk } from '../machine/disk.ts'
import { Network } from '../machine/network.ts'
import { Process } from '../machine/process.ts'
import { SeededRandom } from '../machine/random.ts'
import { Scheduler } from '../machine/scheduler.ts'
import { type Handled, Ledger } from './ledger.ts'
import type { ResolvedCrashTest, Service, ServiceTools } from './options.ts'
import type { FaultKind, Plan } from './plan.ts'

const PORT = 9092
const LIMIT_MS = 3_600_000
const LOOK_EVERY_MS = 250
/** Most effects are quick; some take longer than a commit. */
const EFFECT_MS = [0.5, 20] as const
const SLOW_EFFECT_MS = [100, 2_500] as const
const SLOW_CHANCE = 0.15
const LINES_MAX = 60

interface Member {
  readonly name: string
  readonly process: Process
  consumer?: Consumer
}

export interface RunOutcome {
  readonly violation: string | undefined
  readonly effects: ReadonlySet<string>
  readonly steps: number
  readonly met: Readonly<Record<FaultKind, number>>
  readonly repetitions: number
  /** The last lines of what happened. */
  readonly lines: readonly string[]
}

export class Run {
  readonly #service: Service
  readonly #options: ResolvedCrashTest
  readonly #plan: Plan
  readonly #expected: ReadonlySet<string> | undefined
  readonly #random: SeededRandom
  readonly #scheduler = new Scheduler()
  readonly #network: Network
  readonly #disk: SimulatedDisk
  readonly #faults = new Faults()
  readonly #ledger: Ledger
  readonly #outside = new Map<string, unknown>()
  readonly #record = new AsyncLocalStorage<Member>()
  readonly #members = new Map<string, Member>()
  readonly #lines: string[] = []
  readonly #met: Record<FaultKind, number> = { crash: 0, rebalance: 0, freeze: 0, 'commit refused': 0, 'commit answer lost': 0 }
  #steps = 0
  #guests = 0
  #group: string | undefined
  #isProduced = false
  #isCommitted = false
  #error: unknown

  /** `expected`: the effects of a run in which nothing goes wrong; undefined: this is that run. */
  constructor(service: Service, options: ResolvedCrashTest, seed: number, plan: Plan, expected: ReadonlySet<string> | undefined) {
    this.#service = service
    this.#options = options
    this.#plan = plan
    this.#expected = expected
    this.#random = new SeededRandom(seed)
    this.#network = new Network(this.#random.fork())
    this.#disk = new SimulatedDisk(this.#random.fork())
    this.#ledger = new Ledger(options)
  }

  async run(): Promise<RunOutcome> {
    const unhandled = (error: unknown): void => this.#fail(error)
    process.on('unhandledRejection', unhandled)
    try {
      this.#begin()
      await this.#scheduler.run(
        LIMIT_MS,
        () => this.#isOver,
        () => {},
      )
    } finally {
      process.off('unhandledRejection', unhandled)
    }
    return this.#outcome()
  }

  get #isOver(): boolean {
    return this.#error !== undefined || this.#ledger.violation !== undefined || (this.#isProduced && this.#isCommitted)
  }

  #outcome(): RunOutcome {
    const disturbances = Object.values(this.#met).reduce((sum, n) => sum + n, 0)
    if (this.#isCommitted) this.#ledger.judge(this.#expected, disturbances)
    return {
      violation: this.#violation(),
      effects: this.#ledger.effects,
      steps: this.#steps,
      met: this.#met,
      repetitions: this.#ledger.repetitions,
      lines: this.#lines,
    }
  }

  #violation(): string | undefined {
    if (this.#error !== undefined) return this.#error instanceof Error ? this.#error.message : String(this.#error)
    if (this.#ledger.violation !== undefined || this.#isCommitted) return this.#ledger.violation
    const { finishedCount } = this.#ledger
    return `after an hour of simulated time ${finishedCount} of ${this.#options.records} records are handled, and not all is committed; does a handler wait for something that is not in the simulated world, such as a timer of its own?`
  }

  #say(line: string): void {
    const text = `${this.#scheduler.now.toFixed(1).padStart(10)} ms  ${line}`
    this.#lines.push(text)
    if (this.#lines.length > LINES_MAX) this.#lines.shift()
    this.#options.log?.(text)
  }

  #fail(error: unknown): void {
    this.#error ??= error ?? new Error('undefined was thrown')
  }

  #begin(): void {
    const broker = this.#process('broker')
    broker.later(0, () => void this.#serve(broker).catch((error) => this.#fail(error)))
    const maker = this.#process('producer')
    maker.later(5, () => void this.#produce(maker).catch((error) => this.#fail(error)))
    for (let i = 1; i <= this.#options.members; i++) this.#start(`member-${i}`, this.#random.between(10, 200))
  }

  #process(name: string): Process {
    return new Process(name, this.#scheduler, this.#network, this.#disk, this.#random)
  }

  async #serve({ platform }: Process): Promise<void> {
    const transport = faultyTransport(platform.transport, platform.clock, this.#faults, () => {})
    await startBroker({
      data: ':memory:',
      listen: { host: '127.0.0.1', port: PORT },
      platform: { ...platform, transport },
      autoCreateTopics: false,
    })
  }

  #kafkaOn({ name, platform }: Process): Kafka {
    return createKafka({
      brokers: [`127.0.0.1:${PORT}`],
      clientId: name,
      platform,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    })
  }

  // Messages, and whether they are committed ------------------------------------------------------------

  async #produce(maker: Process): Promise<void> {
    const { topic, partitions, records, message } = this.#options
    const kafka = this.#kafkaOn(maker)
    const admin = createAdmin(kafka)
    await admin.topics.create(topic, { partitions })
    const producer = createProducer(kafka)
    for (let i = 0; i < records; i++) {
      await producer.send(topic, message(i))
      if (this.#random.chance(0.2)) await this.#sleep(maker, this.#random.between(0, 200))
    }
    this.#isProduced = true
    const ends = await admin.topics.offsets(topic, 'latest')
    for (;;) {
      await this.#sleep(maker, LOOK_EVERY_MS)
      if (this.#group === undefined) continue
      const offsets = await admin.groups.offsets(this.#group)
      const committed = new Map(offsets.filter((o) => o.topic === topic).map((o) => [o.partition, o.offset]))
      this.#isCommitted = ends.every(({ partition, offset }) => offset === 0 || (committed.get(partition) ?? 0) >= offset)
    }
  }

  #sleep(process: Process, ms: number): Promise<void> {
    return new Promise((resolve) => process.later(ms, resolve, 'timers'))
  }

  // Lives of the service ---------------------------------------------------------------------------------

  #start(name: string, delayMs: number): void {
    const process = this.#process(name)
    const member: Member = { name, process }
    this.#members.set(name, member)
    process.later(delayMs, () => void this.#live(member).catch((error) => this.#ended(member, error)))
  }

  async #live(member: Member): Promise<void> {
    this.#say(`${member.name} starts`)
    const consumer = await this.#service(this.#toolsFor(member))
    if (typeof consumer?.run !== 'function')
      throw new TidemarkError('INVALID_ARGUMENT', 'the service of crashTest() must return its consumer')
    member.consumer = consumer
    this.#group = consumer.group
    const around = (messages: readonly ReceivedMessage[], context: Context, next: () => Promise<unknown>): Promise<unknown> =>
      this.#record.run(member, () => this.#handle(member, messages, context, next))
    consumer.use({
      each: (m, context, next) => around([m], context, next),
      batches: (b, context, next) => around(b.messages, context, next),
    })
    void this.#watch(member, consumer)
    await consumer.run()
    this.#ended(member, undefined)
  }

  /** The moment after a commit is one in which a crash makes a difference: what it covers is not handled again. */
  async #watch(member: Member, consumer: Consumer): Promise<void> {
    for await (const event of consumer.events) {
      if (event.kind !== 'committed' || !member.process.alive) continue
      this.#say(`${member.name} has committed ${event.partition}:${event.offset}`)
      this.#step(member, `has committed ${event.partition}:${event.offset}`)
    }
  }

  /** A life is over, and another one begins, as its supervisor would see to. */
  #ended({ name, process }: Member, error: unknown): void {
    if (!process.alive) return
    if (error !== undefined) {
      const code = error instanceof TidemarkError ? error.code : undefined
      this.#say(`${name} ends: ${error instanceof Error ? error.message : String(error)}`)
      if (code === undefined || code === 'HANDLER_FAILED' || code === 'INVALID_ARGUMENT') return this.#fail(error)
    }
    process.crash()
    if (!name.startsWith('guest')) this.#start(name, this.#random.between(50, 2_000))
  }

  async #handle(member: Member, messages: readonly ReceivedMessage[], context: Context, next: () => Promise<unknown>): Promise<unknown> {
    const records = messages.map(({ partition, offset, key }): Handled => ({ partition, offset, key: key?.toString('latin1') }))
    const where = `${records[0]!.partition}:${records.map((r) => r.offset).join(',')}`
    if (!member.process.alive) return await new Promise(() => {})
    this.#ledger.started(records)
    this.#say(`${member.name} begins ${where}`)
    this.#step(member, `begins ${where}`)
    try {
      const result = await next()
      if (!member.process.alive) return await new Promise(() => {})
      for (const record of records) this.#ledger.finished(record)
      this.#say(`${member.name} has handled ${where}`)
      this.#step(member, `has handled ${where}`)
      return result
    } catch (error) {
      // Exhausted and skipped: nothing comes after it that must wait for it.
      if (context.attempt >= context.attemptsMax) for (const record of records) this.#ledger.finished(record)
      this.#say(`${member.name} fails ${where}: ${error instanceof Error ? error.message : String(error)}`)
      throw error
    }
  }

  #toolsFor(member: Member): ServiceTools {
    const { process } = member
    return {
      kafka: this.#kafkaOn(process),
      outside: this.#outside,
      random: () => this.#random.next(),
      sleep: async (ms) => {
        await this.#sleep(process, ms)
        this.#step(member, 'has slept')
      },
      effect: async (name) => {
        this.#step(member, `is about to '${name}'`)
        const [from, to] = this.#random.chance(SLOW_CHANCE) ? SLOW_EFFECT_MS : EFFECT_MS
        await this.#sleep(process, this.#random.between(from, to))
        this.#ledger.happened(name)
        this.#say(`${member.name}: '${name}' happened`)
        this.#step(member, `did '${name}'`)
        await this.#sleep(process, this.#random.between(...EFFECT_MS))
      },
    }
  }

  // What goes wrong --------------------------------------------------------------------------------------

  #step(member: Member, what: string): void {
    if (!member.process.alive) return
    const fault = this.#plan.get(++this.#steps)
    if (fault === undefined) return
    this.#met[fault]++
    this.#say(`${fault}, when ${member.name} ${what} (step ${this.#steps})`)
    switch (fault) {
      case 'crash':
        member.process.crash()
        if (!member.name.startsWith('guest')) this.#start(member.name, this.#random.between(50, 5_000))
        return
      case 'rebalance':
        return this.#invite()
      case 'freeze':
        member.process.stop()
        return void this.#scheduler.later(this.#random.between(100, 90_000), () => member.process.resume())
      case 'commit refused':
        this.#faults.fail('OffsetCommit', { error: 'COORDINATOR_LOAD_IN_PROGRESS', count: 1 + this.#random.below(5) })
        return
      case 'commit answer lost':
        this.#faults.drop('OffsetCommit', { at: 'answer', count: 1 })
    }
  }

  /** Another member joins the group for a while. */
  #invite(): void {
    const name = `guest-${++this.#guests}`
    this.#start(name, 0)
    this.#scheduler.later(this.#random.between(500, 20_000), () => {
      const { process, consumer } = this.#members.get(name)!
      if (process.alive && !process.stopped) process.later(0, () => void consumer?.close())
    })
  }
}
