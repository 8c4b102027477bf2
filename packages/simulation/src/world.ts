/**
 * One simulated world: a broker on a machine with a disk, producers, and members of groups, all of them the real
 * code; and what goes wrong with them.
 */

import { createKafka, type Kafka, type KafkaOptions, type Logger } from '@tidemark/client'
import { EPOCH_MS, Network, Process, Scheduler, SeededRandom, SimulatedDisk, type Tap } from '@tidemark/testing/internal'
import { BrokerActor } from './actors/broker.ts'
import { SimulatedDatabase } from './actors/database.ts'
import type { Member } from './actors/member.ts'
import { Members } from './actors/members.ts'
import { Producers } from './actors/producer.ts'
import { SaramaMember } from './actors/sarama.ts'
import { TopicKeeper } from './actors/topics.ts'
import { isEverythingDone } from './ending.ts'
import { Eras } from './eras.ts'
import { type Fact, type Invariant, type Place, placeOf, spelled, Violation } from './facts.ts'
import { DiskFaults } from './faults/disk-faults.ts'
import { Faults } from './faults/faults.ts'
import { NodeFaults } from './faults/node-faults.ts'
import { ManInTheMiddle } from './faults/refusals.ts'
import { allInvariants } from './invariants/index.ts'
import { Ledger } from './ledger.ts'
import { Progress } from './progress.ts'
import { LeaderWatch, together } from './wire/leaders.ts'
import { RackWatch } from './wire/rack-watch.ts'
import { RefusalWatch } from './wire/refusal-watch.ts'
import { Wiretap } from './wire/wiretap.ts'
import { countOptions } from './workload/counted.ts'
import { withEverything, withoutSome } from './workload/everything.ts'
import { withNodes } from './workload/nodes.ts'
import { type Plan, planOf, withDiskFaults, withFewFetchSessions, withLittleMetadata } from './workload/plan.ts'
import { User } from './workload/user.ts'

export const TOPIC = 'work'
export const GROUP = 'workers'
export const OTHER_GROUP = 'auditors'
export const PORT = 9092
/** The node goes once the broker is up and nothing else goes wrong. */
const WRITES_AFTER_GONE_MS = 2_000
/** Facts of each request and answer: they would be most of what is printed. */
const QUIET: ReadonlySet<Fact['kind']> = new Set(['stableKnown', 'served', 'batchArrived', 'batchSeen', 'appended'])

export interface RunSettings {
  /** Faults of the disk are left out. */
  readonly soundDisk?: boolean
  /** Every verb and option is drawn. */
  readonly everything?: boolean
  /**
   * Kinds of handlers, verbs, readers of events, refusals, and the like that are left out of it: by name, or by the
   * beginning of it.
   */
  readonly without?: readonly string[]
  /** The broker is so many nodes, whatever the seed says. */
  readonly nodes?: number
}

export class World {
  readonly plan: Plan
  readonly random: SeededRandom
  /** Chance of what is drawn beside the plain plan: with it or without it, the plain part has the same. */
  readonly chance: SeededRandom
  readonly scheduler = new Scheduler()
  readonly network: Network
  readonly disk: SimulatedDisk
  readonly ledger = new Ledger()
  readonly wiretap: Wiretap
  readonly database: SimulatedDatabase
  readonly middle: ManInTheMiddle | undefined
  readonly eras = new Eras()
  readonly progress = new Progress(this)
  /** How often each thing was drawn: `verb: seek`. */
  readonly counts = new Map<string, number>()
  readonly #invariants: readonly Invariant[]
  readonly #log: ((line: string) => void) | undefined
  readonly #broker: BrokerActor
  readonly #members: Members
  readonly #producers: Producers
  readonly #topics: TopicKeeper
  readonly #nodeFaults: NodeFaults
  readonly #faults: Faults
  readonly #user: User | undefined
  /**
   * Members that were told that a position is outside of the log, by place: what they ask for next is where they go
   * on.
   */
  readonly #outOfRange = new Set<string>()
  #calmSinceMs = Number.POSITIVE_INFINITY
  #steadyAtMs = 0
  #lastStartMs = 0
  #isToBeWritten = false
  /** The next handler of this member closes its consumer. */
  closesInHandler: Member | undefined
  violation: unknown
  /** Everything was done, and is read back: nothing is written any more. */
  isJudged = false

  constructor(
    seed: number,
    log: ((line: string) => void) | undefined,
    { soundDisk = false, everything = false, without = [], nodes }: RunSettings,
  ) {
    this.random = new SeededRandom(seed)
    this.chance = new SeededRandom(seed ^ 0xc4a7ce)
    const drawn = planOf(this.random)
    const sound = withNodes(withFewFetchSessions(withLittleMetadata(drawn, seed), seed), seed, nodes)
    const plain = soundDisk ? sound : withDiskFaults(sound, seed)
    this.plan = everything ? withoutSome(withEverything(plain, seed), without) : plain
    this.#log = log
    this.network = new Network(this.random.fork())
    this.disk = new SimulatedDisk(this.random.fork())
    this.database = new SimulatedDatabase(this, new SeededRandom(seed ^ 0xda7aba))
    const truncated = this.plan.everything?.truncation ?? false
    this.wiretap = new Wiretap(
      (fact) => this.tell(fact),
      truncated || this.plan.everything?.jumps === true,
      this.plan.everything?.letters === true,
    )
    this.network.tap = this.plan.nodes.count === 1 ? this.wiretap : together([this.wiretap, ...this.#nodeWatches(), ...this.#rackWatch()])
    const { refusals = [], holdsAnswers = false } = this.plan.everything ?? {}
    this.middle = refusals.length > 0 || holdsAnswers ? new ManInTheMiddle((fact) => this.#refused(fact)) : undefined
    this.network.middle = this.middle
    const { weather, faults } = this.plan
    const isSteady =
      weather.breakChance === 0 && faults.brokerCrash + faults.diskFault + faults.memberStop === 0 && this.plan.nodes.count === 1
    const reliable = isSteady && this.middle === undefined && this.mode === 'processed'
    this.#invariants = allInvariants({
      delivered: this.mode === 'delivered',
      manual: this.mode === 'manual',
      truncated,
      jumps: this.plan.everything?.jumps ?? false,
      stored: this.plan.everything?.topics.some((topic) => topic.isStored) ?? false,
      reliable,
      mapsAreWhole: this.mapsAreWhole,
      stuckMs: new Map(
        this.plan.everything?.topics.flatMap(({ name, settings: { timeoutMs, timeoutGraceMs } }) =>
          timeoutMs === undefined || timeoutGraceMs === undefined ? [] : [[name, timeoutMs + timeoutGraceMs] as const],
        ),
      ),
      nodes: this.plan.nodes.count,
    })
    const diskFaults = new DiskFaults(this)
    this.#broker = new BrokerActor(this, diskFaults)
    this.#members = new Members(this)
    this.#producers = new Producers(this)
    this.#topics = new TopicKeeper(this)
    this.#nodeFaults = new NodeFaults(this, this.#broker, new SeededRandom(seed ^ 0x1eade4))
    this.#faults = new Faults(this, this.#broker, this.#members, diskFaults, this.#nodeFaults)
    this.#user = this.plan.everything && new User(this, this.#members, this.plan.everything)
  }

  /** Of replicas that stay where they are: a leader cannot know at once of those that move. */
  #rackWatch(): RackWatch[] {
    const { racks, verbs, count } = this.plan.nodes
    if (racks.length === 0 || verbs.includes('reassign') || this.plan.everything?.topicIsMadeAgain === true) return []
    this.drawn('nodes', 'racks')
    return [new RackWatch(count, (fact) => this.tell(fact))]
  }

  #nodeWatches(): Tap[] {
    const { refusals = [] } = this.plan.everything ?? {}
    // The man in the middle says the same where it is not so.
    const isRefusedByMiddle = refusals.some(({ error }) => error === 'NOT_COORDINATOR' || error === 'NOT_LEADER_OR_FOLLOWER')
    const tell = (fact: Fact): void => this.tell(fact)
    const nodeAt = (port: number): number | undefined => (port >= PORT && port < PORT + this.plan.nodes.count ? port - PORT + 1 : undefined)
    const leaders = new LeaderWatch({
      tell,
      refused: (api) => {
        if (!isRefusedByMiddle) this.drawn('refused by another node', api)
      },
      names: this.wiretap.names,
      eras: this.eras,
      nodeAt,
      later: (ms, run) => this.#later(ms, run),
    })
    return [leaders, new RefusalWatch(nodeAt, this.wiretap.names, tell)]
  }

  /** The members that live. */
  get members(): Iterable<Member> {
    return this.#members.living
  }

  get topicNames(): readonly string[] {
    return this.plan.everything?.topics.map((t) => t.name) ?? [TOPIC]
  }

  get isTopicBeingRemade(): boolean {
    return this.#topics.isRemaking
  }

  get areTopicsEverywhere(): boolean {
    return this.#topics.isEverywhere
  }

  get groups(): readonly string[] {
    return this.plan.everything?.groups === 2 ? [GROUP, OTHER_GROUP] : [GROUP]
  }

  get mode(): string {
    const commit = this.plan.everything?.consumer.commit ?? 'processed'
    return typeof commit === 'string' ? commit : (commit.mode ?? 'processed')
  }

  /** Whether a commit carries all of what is done above its offset. */
  get mapsAreWhole(): boolean {
    const commit: { completionMap?: boolean } = Object(this.plan.everything?.consumer.commit)
    return this.plan.metadataCharsMax >= 4096 && commit.completionMap !== false && this.mode !== 'delivered'
  }

  /** How many records may wait: the limit, and what one more answer may hold. */
  get waitingMax(): number {
    return (this.plan.everything?.consumer.waitingRecordsMax ?? 20_000) + 1_000
  }

  /** Milliseconds since 1970. */
  now(): number {
    return EPOCH_MS + Math.floor(this.scheduler.now)
  }

  placeOf(topic: string, partition: number): Place {
    return placeOf(this.wiretap.names.named(topic), partition)
  }

  say(line: string): void {
    this.#log?.(`${this.scheduler.now.toFixed(2).padStart(10)} ms  ${line}`)
  }

  /** Something of what can be drawn has happened. */
  drawn(area: string, what: string): void {
    const key = `${area}: ${what}`
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1)
  }

  /** Something happened: every invariant sees it. The first that is broken ends the run. */
  tell(fact: Fact): void {
    if (this.#log !== undefined && !QUIET.has(fact.kind)) this.say(spelled(fact))
    this.ledger.see(fact)
    this.progress.see(fact)
    if (fact.kind === 'handlerStarted') this.#lastStartMs = this.scheduler.now
    for (const invariant of this.#invariants) {
      try {
        invariant.see(fact)
      } catch (violation) {
        this.violation ??= violation
      }
    }
    this.#nodeFaults.see(fact)
    if (this.plan.everything === undefined) return
    this.#user?.see(fact)
    if (fact.kind === 'outOfRangeTold') this.#outOfRange.add(`${fact.process.name}/${fact.place}`)
    if (fact.kind === 'offsetListed') this.#listed(fact)
  }

  /** Where a member begins, when it does not begin at the committed offset. */
  #listed({ process, place, offset }: Extract<Fact, { kind: 'offsetListed' }>): void {
    const group = this.#members.of(process)?.group
    if (group === undefined) return
    const { jumps: drawn, topicIsMadeAgain, consumer } = this.plan.everything!
    // In a topic that was made again no position of before is in the log.
    const isMadeAgain = topicIsMadeAgain || place.includes('~')
    const jumps = drawn || this.#outOfRange.has(`${process.name}/${place}`) || (isMadeAgain && consumer.outOfRange === 'latest')
    if (jumps) this.tell({ kind: 'jumped', group, place, offset })
  }

  #refused(fact: Fact): void {
    if (fact.kind === 'refused') this.#members.of(fact.process)?.refusedWith.add(fact.error)
    this.tell(fact)
  }

  fail(what: string, error: unknown): void {
    const isError = typeof error === 'object' && error !== null && 'message' in error
    const { code, name, message, stack } = (isError ? error : {}) as { code?: string; name?: string; message?: string; stack?: string }
    const where = code === undefined ? `\n${stack}` : ''
    this.violation ??= new Violation(
      what,
      isError ? `${code ?? name}: ${message}${where}` : typeof error === 'string' ? error : 'not an Error',
    )
  }

  newProcess(name: string, random = this.random): Process {
    return new Process(name, this.scheduler, this.network, this.disk, random)
  }

  kafkaOn(process: Process, options: Partial<KafkaOptions> = {}): Kafka {
    const all: KafkaOptions = {
      brokers: Array.from({ length: this.plan.nodes.bootstrap }, (_, i) => `127.0.0.1:${PORT + i}`),
      clientId: process.name,
      platform: process.platform,
      connectTimeoutMs: 300,
      requestTimeoutMs: 500,
      retry: { delayMs: 20, delayMaxMs: 200 },
      metadataMaxAgeMs: this.plan.nodes.metadataMaxAgeMs,
      logger: this.#loggerOf(process),
      ...options,
    }
    countOptions(this, 'KafkaOptions', all)
    return createKafka(all)
  }

  /** What client and consumer report is a fact: somebody can see it. */
  #loggerOf(process: Process): Logger {
    const shown = (text: string): void => this.tell({ kind: 'shown', process, what: text })
    return { debug() {}, info() {}, warn: shown, error: shown }
  }

  /** Begins the world: a broker, the topic, producers, members, faults. */
  start(): void {
    const { everything } = this.plan
    if (everything?.truncation) this.drawn('fault', 'truncation')
    if (everything?.topicIsMadeAgain) this.drawn('fault', 'topic made again')
    if (everything?.groups === 2) this.drawn('fault', 'two groups')
    if (everything?.topics.length === 2) this.drawn('fault', 'two topics')
    this.drawn('nodes', String(this.plan.nodes.count))
    this.network.weather = this.plan.weather
    this.#broker.boot()
    this.#topics.start()
    const members = Math.max(this.plan.members, this.groups.length)
    for (let i = 0; i < members; i++) this.#later(this.random.between(0, 400), () => this.#members.add())
    for (let i = 1; i <= (everything?.saramaMembers ?? 0); i++) new SaramaMember(this, `sarama-${i}`).start()
    this.#producers.start()
    this.#faults.start()
    this.#user?.start()
  }

  #later(delayMs: number, run: () => void): void {
    this.scheduler.later(delayMs, run)
  }

  get calm(): boolean {
    return this.#calmSinceMs <= this.scheduler.now
  }

  calmForMs(ms: number): boolean {
    return this.#calmSinceMs + ms <= this.scheduler.now
  }

  calmDown(steadyAtMs: number): void {
    this.#calmSinceMs = this.scheduler.now
    this.#steadyAtMs = steadyAtMs
    this.progress.watch(Math.max(steadyAtMs, this.scheduler.now))
    if (this.plan.nodes.gone !== undefined) this.#writeAfterGone()
    if (this.mode === 'manual') this.#producers.close(() => this.#isUncommitted())
  }

  #isUncommitted(): boolean {
    return !this.isJudged && !this.groups.every((group) => this.ledger.isCommitted(group, (place) => this.exists(place)))
  }

  /** What comes after the node has gone finds its way too. */
  #writeAfterGone(): void {
    this.#isToBeWritten = true
    this.#later(WRITES_AFTER_GONE_MS, () => {
      this.#isToBeWritten = false
      let rounds = 1
      this.#producers.close(() => rounds-- > 0 || (this.mode === 'manual' && this.#isUncommitted()), 'last')
    })
  }

  /** Whether this place is one of the topic that has its name now. */
  exists(place: Place): boolean {
    const topic = place.slice(0, place.lastIndexOf('-'))
    return this.wiretap.names.named(topic.replace(/~\d+$/, '')) === topic
  }

  /** No handler was started for so long. */
  quietForMs(ms: number): boolean {
    return this.#lastStartMs + ms <= this.scheduler.now
  }

  get isFinished(): boolean {
    const isSteady =
      this.calm && this.scheduler.now >= this.#steadyAtMs && this.#producers.busy === 0 && !this.#isToBeWritten && this.#broker.areNodesUp
    return isSteady && isEverythingDone(this)
  }
}
