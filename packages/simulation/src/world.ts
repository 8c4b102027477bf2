/**
 * One simulated world: a broker on a machine with a disk, producers, and members of a group, all of them the real code; and what goes
 * wrong with them.
 */
import { type Broker, startBroker } from '@tidemark/broker'
import { createKafka, createProducer, type Kafka, type Message } from '@tidemark/client'
import { type Consumer, createConsumer } from '@tidemark/consumer'
import { type Fact, type FinishedIn, type Handling, type Invariant, Violation } from './facts.ts'
import { allInvariants } from './invariants/index.ts'
import { SimulatedDisk } from './machine/disk.ts'
import { CALM, Network } from './machine/network.ts'
import { Process } from './machine/process.ts'
import { SeededRandom } from './machine/random.ts'
import { Scheduler } from './machine/scheduler.ts'
import { type Plan, planOf, withDiskFaults, withLittleMetadata } from './plan.ts'
import { Wiretap } from './wiretap.ts'

export const TOPIC = 'work'
export const GROUP = 'workers'
const PORT = 9092
const FOLDER = '/data'
const STOPS_WITHIN_MS = 1_000
/** What a full disk refuses. */
const GROWING: readonly string[] = ['write', 'create', 'makeFolder']

interface Member {
  readonly name: string
  readonly process: Process
  readonly kafka: Kafka
  readonly consumer: Consumer
  readonly stop: AbortController
}

export interface Acknowledged {
  readonly partition: number
  readonly offset: number
}

export class World {
  readonly plan: Plan
  readonly random: SeededRandom
  readonly scheduler = new Scheduler()
  readonly network: Network
  readonly disk: SimulatedDisk
  readonly #invariants: Invariant[]
  readonly #wiretap: Wiretap
  readonly #log: (line: string) => void
  readonly #members = new Map<string, Member>()
  /** Every value that a producer sent, and where it was acknowledged. */
  readonly sent = new Map<string, Acknowledged | undefined>()
  readonly handled = new Set<string>()
  readonly committed = new Map<number, number>()
  #broker: { process: Process; running: Broker | undefined } | undefined
  #producing = 0
  #nextMember = 1
  #nextBroker = 1
  #calm = false
  #steadyAtMs = 0
  /** The disk refused something since somebody last saw to it. */
  #diskFailed = false
  violation: unknown

  /** Faults of the disk are left out if `soundDisk`. */
  constructor(seed: number, log: (line: string) => void, soundDisk = false) {
    this.random = new SeededRandom(seed)
    const plan = planOf(this.random)
    this.plan = withLittleMetadata(soundDisk ? plan : withDiskFaults(plan, seed), seed)
    this.#log = log
    this.network = new Network(this.random.fork())
    this.disk = new SimulatedDisk(this.random.fork())
    this.#invariants = allInvariants(this.plan.order !== 'none' && !this.plan.batches)
    this.#wiretap = new Wiretap((fact) => this.tell(fact))
    this.network.tap = this.#wiretap
  }

  say(line: string): void {
    this.#log(`${this.scheduler.now.toFixed(2).padStart(10)} ms  ${line}`)
  }

  /** Something happened: every invariant sees it. The first that is broken ends the run. */
  tell(fact: Fact): void {
    this.say(spelled(fact))
    if (fact.kind === 'commitAccepted' || fact.kind === 'commitKnown') {
      for (const [partition, offset] of fact.offsets) this.committed.set(partition, Math.max(offset, this.committed.get(partition) ?? 0))
    }
    if (fact.kind === 'acknowledged') this.sent.set(fact.value, fact)
    for (const invariant of this.#invariants) {
      try {
        invariant.see(fact)
      } catch (violation) {
        this.violation ??= violation
      }
    }
  }

  fail(what: string, error: unknown): void {
    this.violation ??= new Violation(
      what,
      error instanceof Error ? `${(error as { code?: string }).code ?? error.name}: ${error.message}` : String(error),
    )
  }

  newProcess(name: string): Process {
    return new Process(name, this.scheduler, this.network, this.disk, this.random)
  }

  kafkaOn(process: Process): Kafka {
    return createKafka({
      brokers: [`127.0.0.1:${PORT}`],
      clientId: process.name,
      platform: process.platform,
      connectTimeoutMs: 300,
      requestTimeoutMs: 500,
      retry: { delayMs: 20, delayMaxMs: 200 },
      metadataMaxAgeMs: 2_000,
    })
  }

  /** Begins the world: a broker, the topic, producers, members, faults. */
  start(): void {
    this.network.weather = this.plan.weather
    this.bootBroker()
    const maker = this.newProcess('maker')
    maker.later(1, () => void this.#makeTopic(maker))
    for (let i = 0; i < this.plan.members; i++) maker.later(this.random.between(0, 400), () => this.#addMember())
    for (let i = 0; i < this.plan.producers; i++) this.#startProducer(`producer-${i}`)
    this.scheduler.later(this.plan.faultEveryMs, () => this.#fault())
  }

  async #makeTopic(process: Process): Promise<void> {
    const { createAdmin } = await import('@tidemark/client')
    const kafka = this.kafkaOn(process)
    for (;;) {
      try {
        await createAdmin(kafka).topics.create(TOPIC, { partitions: this.plan.partitions })
        return
      } catch (error) {
        if ((error as { code?: string }).code === 'TOPIC_EXISTS') return
        await new Promise<void>((resolve) => process.later(50, resolve))
      }
    }
  }

  // The broker ----------------------------------------------------------------------------------------

  get broker(): Broker | undefined {
    return this.#broker?.running
  }

  bootBroker(): void {
    const process = this.newProcess(`broker-${this.#nextBroker++}`)
    this.#broker = { process, running: undefined }
    this.say(`${process.name} starts`)
    process.later(0, () => void this.#runBroker(process))
  }

  async #runBroker(process: Process): Promise<void> {
    const { plan } = this
    try {
      const broker = await startBroker({
        data: FOLDER,
        listen: { host: '127.0.0.1', port: PORT },
        platform: process.platform,
        fsync: plan.fsync,
        fsyncIntervalMs: 100,
        segmentBytesMax: plan.segmentBytesMax,
        recoveryBytesMax: plan.recoveryBytesMax,
        checkpointIntervalRecords: plan.checkpointIntervalRecords,
        offsetMetadataCharsMax: plan.metadataCharsMax,
        autoCreateTopics: false,
      })
      if (this.#broker?.process === process) this.#broker.running = broker
      this.say(`${process.name} listens`)
      broker.closed.catch((error) => this.#brokerFailed(process, 'the broker runs', error))
    } catch (error) {
      this.#brokerFailed(process, 'the broker starts', error)
    }
  }

  /** A broker may stop because of its disk. Somebody sees to the disk then and starts it again. */
  #brokerFailed(process: Process, what: string, error: unknown): void {
    if (!this.#diskFailed || (error as { code?: string }).code !== 'STORAGE_FAILED') return this.fail(what, error)
    if (this.#broker?.process !== process) return
    this.say(`${process.name} stops: ${(error as Error).message}`)
    this.#mendDisk()
    this.#crashBroker()
  }

  #crashBroker(): void {
    const crashed = this.#broker
    if (crashed === undefined || !crashed.process.alive) return
    const power = this.plan.powerLoss && this.random.chance(0.7)
    crashed.process.crash()
    this.#broker = undefined
    if (power) this.disk.losePower()
    this.#wiretap.brokerCrashed()
    this.tell({ kind: 'brokerCrashed', power })
    this.scheduler.later(this.random.between(5, 400), () => this.bootBroker())
  }

  // Members -------------------------------------------------------------------------------------------

  #addMember(): void {
    const name = `member-${this.#nextMember++}`
    this.#startMember(name)
  }

  #startMember(name: string): void {
    const process = this.newProcess(name)
    process.later(0, () => this.#runMember(name, process))
  }

  #runMember(name: string, process: Process): void {
    const { plan } = this
    const kafka = this.kafkaOn(process)
    const consumer = createConsumer(kafka, {
      group: GROUP,
      assignors: plan.assignors,
      ...(plan.staticMembers && { instanceId: name }),
      sessionTimeoutMs: 400,
      heartbeatIntervalMs: 60,
      rebalanceTimeoutMs: 800,
      shutdownTimeoutMs: 600,
      commit: { intervalMs: 80, recordsMax: 20 },
    })
    const settings = { concurrency: plan.concurrency, retry: { attempts: 50, delayMs: 5, delayMaxMs: 50 } }
    if (plan.batches) {
      consumer.batches(TOPIC, { ...settings, recordsMax: 7, waitMaxMs: 10 }, async (batch, context) => {
        const handlings = batch.messages.map((m) => this.#handling(process, m, context.signal))
        for (const h of handlings) this.tell({ kind: 'handlerStarted', ...h })
        await this.#work(process, handlings)
      })
    } else {
      consumer.each(TOPIC, { ...settings, order: plan.order }, async (message, context) => {
        const handling = this.#handling(process, message, context.signal)
        this.tell({ kind: 'handlerStarted', ...handling })
        await this.#work(process, [handling])
      })
    }
    const member = { name, process, kafka, consumer, stop: new AbortController() }
    this.#members.set(name, member)
    this.say(`${name} starts`)
    consumer.run({ signal: member.stop.signal }).then(
      () => this.say(`${name} has stopped`),
      (error) => this.#memberFailed(member, error),
    )
  }

  /** A join of the crashed process that is still on its way fences the one that was started since: its supervisor starts it again. */
  #memberFailed(member: Member, error: unknown): void {
    const fenced = this.plan.staticMembers && (error as { code?: string }).code === 'FENCED_INSTANCE_ID'
    if (!fenced) return this.fail('a member works until it is stopped', error)
    this.say(`${member.name} was fenced`)
    member.process.crash()
    this.scheduler.later(100, () => this.#startMember(member.name))
  }

  #handling(process: Process, message: Message, claim: AbortSignal): Handling & { key: string; value: string } {
    const { partition, offset, key, value } = message
    return { process, partition, offset, claim, key: key?.toString() ?? '', value: value!.toString() }
  }

  async #work(process: Process, handlings: readonly (Handling & { key: string; value: string })[]): Promise<void> {
    const [from, to] = this.plan.workMs
    await new Promise<void>((resolve) => process.later(this.random.between(from, to), resolve))
    const failed = !this.#calm && this.random.chance(this.plan.failChance)
    for (const h of handlings) {
      if (failed) this.tell({ kind: 'handlerFailed', ...h })
      else {
        this.handled.add(h.value)
        this.tell({ kind: 'handlerDone', ...h })
      }
    }
    if (failed) throw new Error('the work failed')
  }

  #someMember(): Member | undefined {
    const living = [...this.#members.values()].filter((m) => m.process.alive && !m.process.stopped)
    return living[this.random.below(living.length)]
  }

  // Producers -----------------------------------------------------------------------------------------

  #startProducer(name: string): void {
    const process = this.newProcess(name)
    this.#producing++
    process.later(this.random.between(0, 300), () => void this.#produce(name, process))
  }

  async #produce(name: string, process: Process): Promise<void> {
    const producer = createProducer(this.kafkaOn(process), { deliveryTimeoutMs: 60_000, maxBlockMs: 60_000 })
    const pending: Promise<void>[] = []
    for (let n = 0; n < this.plan.recordsPerProducer; n++) {
      const value = `${name}:${n}`
      this.sent.set(value, undefined)
      const key = `key-${this.random.below(this.plan.keys)}`
      pending.push(
        producer.send(TOPIC, { key, value }).then(
          ({ partition, offset }) => this.tell({ kind: 'acknowledged', partition, offset, value }),
          (error) => this.fail('a producer delivers', error),
        ),
      )
      if (this.random.chance(0.5)) await new Promise<void>((resolve) => process.later(this.random.between(0, 60), resolve))
    }
    await Promise.all(pending)
    this.#producing--
  }

  // Faults --------------------------------------------------------------------------------------------

  #fault(): void {
    if (this.scheduler.now > this.plan.faultsUntilMs) return this.#calmDown()
    this.scheduler.later(this.random.between(0.2, 1.8) * this.plan.faultEveryMs, () => this.#fault())
    const { brokerCrash, memberCrash, memberStop, memberRestart, memberJoin, diskFault } = this.plan.faults
    const total = brokerCrash + memberCrash + memberStop + memberRestart + memberJoin + diskFault
    let choice = this.random.next() * total
    if ((choice -= brokerCrash) < 0) this.#crashBroker()
    else if ((choice -= memberCrash) < 0) this.#crashMember()
    else if ((choice -= memberStop) < 0) this.#freezeMember()
    else if ((choice -= memberRestart) < 0) this.#restartMember()
    else if ((choice -= diskFault) < 0) this.#failDisk()
    else if (this.#members.size < 7) this.#addMember()
  }

  /** The disk is full, or some call from now on fails, once or each time, until somebody sees to it. */
  #failDisk(): void {
    const { full, failing } = this.plan.disk
    if (this.random.chance(full)) {
      this.say('the disk is full')
      this.disk.fault = (operation) => (GROWING.includes(operation) ? this.#diskFails(operation, 'ENOSPC') : undefined)
    } else {
      const what = failing[this.random.below(failing.length)]!
      const once = this.random.chance(0.5)
      let before = this.random.below(8)
      this.say(`the disk fails at ${what} number ${before}${once ? '' : ' and after'}`)
      this.disk.fault = (operation) => {
        if (operation !== what || before-- > 0) return undefined
        if (once) this.disk.fault = undefined
        return this.#diskFails(operation, 'EIO')
      }
    }
  }

  #diskFails(operation: string, code: string): string {
    if (!this.#diskFailed) this.say(`the disk fails: ${operation}: ${code}`)
    this.#diskFailed = true
    return code
  }

  #mendDisk(): void {
    // What is not synced may be lost then: only `always` has acknowledged nothing of it.
    if (this.plan.powerLoss && this.random.chance(0.5)) this.disk.dropCaches()
    this.disk.fault = undefined
    this.#diskFailed = false
  }

  #crashMember(): void {
    const member = this.#someMember()
    if (member === undefined) return
    member.process.crash()
    this.tell({ kind: 'memberCrashed', process: member.process })
    this.scheduler.later(this.random.between(10, 900), () => this.#startMember(member.name))
  }

  /** SIGSTOP, for shorter or longer than the session, and SIGCONT. */
  #freezeMember(): void {
    const member = this.#someMember()
    if (member === undefined) return
    this.say(`${member.name} is stopped`)
    member.process.stop()
    this.scheduler.later(this.random.between(50, 1_500), () => {
      this.say(`${member.name} goes on`)
      member.process.resume()
    })
  }

  #restartMember(): void {
    const member = this.#someMember()
    if (member === undefined || member.stop.signal.aborted) return
    this.say(`${member.name} is told to stop`)
    member.process.later(0, () => member.stop.abort())
    this.scheduler.later(this.random.between(600, 1_500), () => {
      if (!member.process.alive) return
      member.process.crash()
      this.#startMember(member.name)
    })
  }

  #calmDown(): void {
    this.say('no more faults')
    this.#calm = true
    this.disk.fault = undefined
    // A broker whose disk has just failed may be about to stop.
    if (this.#diskFailed) this.#steadyAtMs = this.scheduler.now + STOPS_WITHIN_MS
    this.network.weather = CALM
  }

  get isFinished(): boolean {
    if (!this.#calm || this.scheduler.now < this.#steadyAtMs || this.#producing > 0 || this.broker === undefined) return false
    const ends = new Map<number, number>()
    for (const [value, place] of this.sent) {
      if (place === undefined || !this.handled.has(value)) return false
      ends.set(place.partition, Math.max(ends.get(place.partition) ?? 0, place.offset + 1))
    }
    return [...ends].every(([partition, end]) => (this.committed.get(partition) ?? 0) >= end)
  }

  get unfinished(): string {
    const open = [...this.sent].filter(([value, place]) => place === undefined || !this.handled.has(value))
    const commits = [...this.committed].map(([partition, offset]) => `${partition}:${offset}`).join(' ')
    return `${open.length} of ${this.sent.size} values are open (first: ${open[0]?.[0]}); committed ${commits}`
  }
}

interface Spelled {
  readonly process?: Process
  readonly claim?: unknown
  readonly finished?: readonly FinishedIn[]
}

function spelled(fact: Fact): string {
  const { kind, process, claim: _, finished = [], ...rest } = fact as Fact & Spelled
  const details = Object.entries(rest).map(([k, v]) => `${k}=${v instanceof Map ? [...v].map((e) => e.join(':')).join(',') : String(v)}`)
  for (const { partition, base, top, open } of finished)
    details.push(`done=${partition}:${base}-${top}${open.map((o) => `-${o}`).join('')}`)
  return [kind, process?.name, ...details].filter(Boolean).join(' ')
}
