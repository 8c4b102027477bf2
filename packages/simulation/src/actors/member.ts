/** A member of a group: one process with a client and a consumer, its handlers, and how its life ends. */
import type { Kafka } from '@tidemark/client'
import { type Consumer, type ConsumerEvent, createConsumer } from '@tidemark/consumer'
import { TidemarkError } from '@tidemark/platform'
import type { Process } from '@tidemark/testing/internal'
import type { Place } from '../facts.ts'
import { counted, countOptions } from '../workload/counted.ts'
import type { TopicWork } from '../workload/everything.ts'
import type { Handlers } from '../workload/handlers.ts'
import { TOPIC, type World } from '../world.ts'
import { Loop } from './loop.ts'

/** By then everything that was asked of a consumer has settled: its shutdown, and the client's own time-outs. */
const SETTLES_WITHIN_MS = 6_000
/** What is being closed may take another turn or two of the network. */
const CLOSES_WITHIN_MS = 1_000
const SHUTDOWN_MS = 600
const WORRYING: ReadonlySet<string> = new Set(['commitRefused', 'requestFailed', 'stopped', 'outOfRange', 'truncated'])

export class Member {
  readonly name: string
  readonly group: string
  readonly process: Process
  readonly kafka: Kafka
  readonly consumer: Consumer
  readonly stop = new AbortController()
  /** What was called and has not settled, by name. */
  readonly unsettled = new Map<string, number>()
  /** Errors that the man in the middle gave to this member. */
  readonly refusedWith = new Set<string>()
  /** Somebody has begun to end it. */
  ending = false
  kafkaClosed = false
  readonly #world: World
  readonly #onEnd: (member: Member, error: unknown) => void
  readonly #loops: Loop[] = []
  #run: Promise<void> | undefined

  constructor(world: World, name: string, group: string, process: Process, onEnd: (member: Member, error: unknown) => void) {
    this.#world = world
    this.name = name
    this.group = group
    this.process = process
    this.#onEnd = onEnd
    this.kafka = world.kafkaOn(process)
    const options = { ...this.#base(), ...this.#drawn(), ...this.#rack(), group }
    const consumer = createConsumer(this.kafka, options)
    this.consumer = world.plan.everything === undefined ? consumer : counted(world, 'Consumer', consumer)
    if (world.plan.everything !== undefined) countOptions(world, 'ConsumerOptions', options)
    if (world.plan.everything !== undefined && typeof options.commit === 'object') countOptions(world, 'CommitOptions', options.commit)
  }

  #base() {
    const { plan } = this.#world
    return {
      assignors: plan.assignors,
      ...(plan.staticMembers && { instanceId: this.name }),
      sessionTimeoutMs: 400,
      heartbeatIntervalMs: 60,
      rebalanceTimeoutMs: 800,
      shutdownTimeoutMs: SHUTDOWN_MS,
      commit: { intervalMs: 80, recordsMax: 20 },
    }
  }

  #rack(): { readonly rack?: string } {
    const { memberRacks } = this.#world.plan.nodes
    const rack = memberRacks[Number(this.name.split('-')[1]) % memberRacks.length]
    return rack === undefined ? {} : { rack }
  }

  #drawn(): object {
    const { everything } = this.#world.plan
    if (everything === undefined) return {}
    const startAt = async ({ topic, partition }: { topic: string; partition: number }): Promise<number | 'earliest' | undefined> => {
      if (!this.#world.chance.chance(0.3)) return undefined
      const place = this.#world.placeOf(topic, partition)
      const offset = this.#world.chance.below(this.#world.ledger.endOf(place) + 1)
      this.#world.tell({ kind: 'jumped', group: this.group, place, offset })
      return offset
    }
    return { ...everything.consumer, ...(everything.startAt && { startAt }) }
  }

  /** Gives the consumer its handlers. */
  subscribe(handlers: Handlers): void {
    const { plan } = this.#world
    const { everything } = plan
    if (everything !== undefined) {
      if (everything.middleware) this.consumer.use({ each: (_m, _c, next) => next(), batches: (_b, _c, next) => next() })
      for (const work of everything.topics) this.#subscribe(work, handlers)
      return
    }
    const settings = { concurrency: plan.concurrency, retry: { attempts: 50, delayMs: 5, delayMaxMs: 50 } }
    if (plan.batches) {
      this.consumer.batches(TOPIC, { ...settings, recordsMax: 7, waitMaxMs: 10 }, (b, c) =>
        handlers.plain(this, b.messages, c, plan.concurrency),
      )
    } else {
      this.consumer.each(TOPIC, { ...settings, order: plan.order }, (m, c) => handlers.plain(this, [m], c, plan.concurrency))
    }
  }

  #subscribe(work: TopicWork, handlers: Handlers): void {
    if (typeof work.settings.exhausted === 'object')
      this.#world.drawn(work.kind === 'each' ? 'EachSettings' : 'BatchSettings', 'exhausted=deadLetter')
    const { recordsMax, waitMaxMs, ...others } = work.settings
    const both = work.isStored ? { ...others, store: this.#world.database.storeOf(this.process) } : others
    const topics = work.isPattern ? new RegExp(`^${work.name}$`) : work.name
    this.#world.drawn('topics', work.isPattern ? 'a pattern' : 'a name')
    if (work.kind === 'messages') return void this.#loops.push(new Loop(this.#world, this, work, topics, handlers))
    if (work.kind === 'batches') {
      const settings = { ...both, recordsMax, waitMaxMs }
      countOptions(this.#world, 'BatchSettings', settings)
      this.consumer.batches(topics, settings, (b, c) => handlers.drawn(this, work, b.messages, c, b))
      return
    }
    const settings = { ...both, order: work.order }
    countOptions(this.#world, 'EachSettings', settings)
    this.consumer.each(topics, settings, (m, c) => handlers.drawn(this, work, [m], c))
  }

  /** Calls `run()`. */
  run(): void {
    this.#world.say(`${this.name} starts`)
    const options = { signal: this.stop.signal }
    this.#run = this.consumer.run(options)
    const drawn = this.#world.plan.everything !== undefined
    if (drawn) countOptions(this.#world, 'RunOptions', options)
    if (drawn) this.#track('run()', this.#run)
    for (const loop of this.#loops) loop.start()
    this.#run.then(
      () => {
        this.#world.say(`${this.name} has stopped`)
        this.#settled(undefined)
        if (drawn && this.process.alive) this.#onEnd(this, undefined)
      },
      (error) => {
        this.#settled(error)
        if (this.process.alive) this.#onEnd(this, error)
      },
    )
  }

  #settled(error: unknown): void {
    const { process, group } = this
    if (!process.alive) return
    const code = error === undefined ? undefined : String((error as { code?: string })?.code ?? error)
    if (code !== undefined) {
      this.#world.drawn('TidemarkErrorCode', code)
      this.#world.tell({ kind: 'shown', process, what: `run() rejects ${code}` })
    }
    this.#world.tell({ kind: 'runSettled', process, group, error: code, uncommitted: this.#uncommittedIn(error) })
  }

  /** From which offset on records are done and not on record, as COMMIT_FAILED says. */
  #uncommittedIn(error: unknown): ReadonlyMap<Place, number> {
    if (!(error instanceof TidemarkError) || error.code !== 'COMMIT_FAILED') return new Map()
    return new Map(error.partitions?.map((p) => [this.#world.placeOf(p.topic, p.partition), p.offset]))
  }

  /** Remembers what was called until it settles. Rejections other than `TidemarkError` are bugs. */
  track<T>(what: string, promise: Promise<T>): Promise<T | undefined> {
    this.#track(what, promise)
    return promise.catch((error) => {
      if ((error as { name?: string } | undefined)?.name !== 'TidemarkError') this.#world.fail('a call fails with a TidemarkError', error)
      else this.#world.drawn('TidemarkErrorCode', (error as { code: string }).code)
      return undefined
    })
  }

  #track(what: string, promise: Promise<unknown>): void {
    this.unsettled.set(what, (this.unsettled.get(what) ?? 0) + 1)
    const settled = (): void => {
      const left = this.unsettled.get(what)! - 1
      if (left === 0) this.unsettled.delete(what)
      else this.unsettled.set(what, left)
    }
    promise.then(settled, settled)
  }

  /** A loop over `messages()` is left, which ends the run. */
  leavesLoop(): void {
    const { process, group } = this
    this.#world.drawn('messages', 'left')
    if (process.alive) this.#world.tell({ kind: 'closeCalled', process, group, timeoutMs: SHUTDOWN_MS })
  }

  /** Ends it for good: `begin` says how; `onOver` is called when nothing of it is left, or the time for it is over. */
  end(begin: () => void, onOver: () => void): void {
    if (this.ending) return
    this.ending = true
    this.#world.tell({ kind: 'closeCalled', process: this.process, group: this.group, timeoutMs: SHUTDOWN_MS })
    begin()
    this.#awaitSettled(this.#world.scheduler.now + SETTLES_WITHIN_MS, onOver)
  }

  #awaitSettled(untilMs: number, onOver: () => void): void {
    this.process.later(50, () => {
      if (this.unsettled.size > 0 && this.#world.scheduler.now < untilMs) return this.#awaitSettled(untilMs, onOver)
      if (!this.kafkaClosed) {
        this.kafkaClosed = true
        void this.track('close() of the client', this.kafka.close())
      }
      this.#awaitClosed(onOver)
    })
  }

  /** A process that is stopped meanwhile (SIGSTOP) closes nothing: it has the whole time again once it goes on. */
  #awaitClosed(onOver: () => void): void {
    const { process, group } = this
    const { stops } = process
    process.later(CLOSES_WITHIN_MS, () => {
      if (process.stops > stops) return this.#awaitClosed(onOver)
      const { timers, connections } = process
      this.#world.tell({ kind: 'processOver', process, group, timers, connections, unsettled: [...this.unsettled.keys()] })
      process.crash()
      onOver()
    })
  }

  /** Reads `events` as some program does. */
  readEvents(how: 'steady' | 'slow' | 'leaving early'): void {
    void this.track(`events (${how})`, this.#readEvents(how))
  }

  async #readEvents(how: 'steady' | 'slow' | 'leaving early'): Promise<void> {
    let left = how === 'leaving early' ? this.#world.chance.below(8) : Number.POSITIVE_INFINITY
    for await (const event of this.consumer.events) {
      this.#see(event)
      if (left-- <= 0) return
      if (how === 'slow') await new Promise<void>((resolve) => this.process.later(this.#world.chance.below(20), resolve))
    }
  }

  /** A topic that was made again has other records at its offsets: which one it was is not known here. */
  #tellLetter(topic: string, partition: number, offset: number): void {
    if (this.#world.plan.everything?.topicIsMadeAgain) return
    this.#world.tell({ kind: 'letterTold', process: this.process, group: this.group, place: this.#world.placeOf(topic, partition), offset })
  }

  #see(event: ConsumerEvent): void {
    if (!this.process.alive) return
    this.#world.drawn('ConsumerEvent', event.kind)
    if (event.kind === 'deadLettered') this.#tellLetter(event.topic, event.partition, event.offset)
    if (event.kind === 'ended') this.#world.drawn('EndReason', event.reason)
    if (WORRYING.has(event.kind)) this.#world.tell({ kind: 'shown', process: this.process, what: event.kind })
  }
}
