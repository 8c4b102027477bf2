/**
 * Puts dead letters back: each into the topic it came from, with the name it had, so that what was done for it once is
 * known to be done.
 *
 * It is a consumer of the dead-letter topic in a group of its own, and so it can be stopped, started again, and run by
 * several processes at once: the group's committed offsets say what was put back. After a crash the last few may be put
 * back twice, with the same name.
 *
 * Invariant: nothing that came into the dead-letter topic after the beginning is put back, so that records which fail
 * again do not go round in a circle.
 */
import { createAdmin, createProducer, type Kafka, type Producer, type ReceivedMessage, read } from '@tidemark/client'
import { handleOf, textOf } from '@tidemark/client/internal'
import { checkName, DURATION_MS_MAX, TidemarkError } from '@tidemark/platform'
import { type Consumer, createConsumer } from '../consumer.ts'
import { headersPutBack } from '../work/dead-letter.ts'
import { RedriveCounts } from './counts.ts'
import { type RedriveOptions, type RedriveResult, type ResolvedRedrive, resolveRedrive } from './options.ts'
import { Pace } from './pace.ts'

/** What a partition holds between what was put back before, and its end at the beginning. */
interface Span {
  readonly from: number
  readonly to: number
}

const COMMIT_INTERVAL_MS = 200
/** How often another process's progress is asked for. */
const LOOK_EVERY_MS = 1_000
/** A letter beyond the end waits for ever; that is, until the redrive is over. */
const FOR_EVER = { attempts: Number.MAX_SAFE_INTEGER, delayMs: DURATION_MS_MAX, delayMaxMs: DURATION_MS_MAX }

/**
 * Puts the dead letters of a topic back, from where the group's last redrive ended to the end as it is now, and
 * resolves with what it did. Letters of one key are put back in order. Rejects with `TidemarkError`: UNKNOWN_TOPIC,
 * INVALID_OPTION, REDRIVE_FAILED (a record could not be written, or `filter` threw: `cause` says what; call again to go
 * on), ABORTED, and what `Consumer.run` rejects with.
 *
 * ```ts
 * await redrive(kafka, 'orders.dead', { dryRun: true })   // { redriven: 17, topics: { orders: 17 }, … }
 * await redrive(kafka, 'orders.dead', { rate: 100 })
 * ```
 */
export async function redrive(kafka: Kafka, topic: string, options: RedriveOptions = {}): Promise<RedriveResult> {
  const resolved = resolveRedrive(checkName('the dead-letter topic', topic), options)
  const redriving = new Redriving(kafka, topic, resolved)
  return resolved.dryRun ? await redriving.count() : await redriving.run()
}

class Redriving {
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #options: ResolvedRedrive
  readonly #counts: RedriveCounts
  readonly #pace: Pace
  readonly #stop = new AbortController()
  #failure: unknown

  constructor(kafka: Kafka, topic: string, options: ResolvedRedrive) {
    this.#kafka = kafka
    this.#topic = topic
    this.#options = options
    this.#counts = new RedriveCounts(options)
    this.#pace = new Pace(handleOf(kafka).platform.clock, options.rate)
  }

  async count(): Promise<RedriveResult> {
    const { signal } = this.#options
    const open = [...(await this.#spans())].filter(([, { from, to }]) => from < to)
    if (open.length === 0) return this.#counts.result
    const from = Object.fromEntries(open.map(([partition, span]) => [partition, span.from]))
    const bounds = { from, to: 'end', isolation: 'read_committed', ...(signal && { signal }) } as const
    for await (const letter of read(this.#kafka, this.#topic, bounds)) {
      const to = await this.#counts.target(letter)
      if (to !== undefined) this.#counts.putBack(to)
    }
    return this.#counts.result
  }

  async run(): Promise<RedriveResult> {
    const { signal, group, producer } = this.#options
    const spans = await this.#spans()
    if ([...spans.values()].every(({ from, to }) => from >= to)) return this.#counts.result
    if (signal?.aborted) throw this.#aborted(signal)
    const own = producer === undefined ? createProducer(this.#kafka) : undefined
    const consumer = createConsumer(this.#kafka, { group, outOfRange: 'earliest', commit: { intervalMs: COMMIT_INTERVAL_MS } })
    consumer.each(this.#topic, { order: 'key', retry: FOR_EVER }, (letter, context) =>
      this.#handle(letter, spans, consumer, producer ?? own!, context.signal),
    )
    const abort = (): void => this.#stop.abort()
    signal?.addEventListener('abort', abort, { once: true })
    const stopLooking = this.#stopAtEnd(consumer, spans)
    try {
      await consumer.run({ signal: this.#stop.signal })
    } finally {
      stopLooking()
      signal?.removeEventListener('abort', abort)
      await own?.close()
    }
    if (this.#failure !== undefined) throw this.#failed(this.#failure)
    if (signal?.aborted) throw this.#aborted(signal)
    return this.#counts.result
  }

  async #handle(
    letter: ReceivedMessage,
    spans: ReadonlyMap<number, Span>,
    consumer: Consumer,
    producer: Producer,
    signal: AbortSignal,
  ): Promise<void> {
    if (letter.offset >= (spans.get(letter.partition)?.to ?? 0)) {
      consumer.pause(this.#topic, [letter.partition])
      throw new BeyondTheEnd()
    }
    try {
      const to = await this.#counts.target(letter)
      if (to === undefined) return
      await this.#pace.turn(signal)
      await producer.send(to, { key: letter.key, value: letter.value, headers: headersPutBack(letter) })
      this.#counts.putBack(to)
    } catch (error) {
      if (!signal.aborted) this.#failure ??= error
      this.#stop.abort()
      throw error
    }
  }

  /** The end is reached once the group has committed it in every partition, whichever of its members did the work. */
  #stopAtEnd(consumer: Consumer, spans: ReadonlyMap<number, Span>): () => void {
    const { clock } = handleOf(this.#kafka).platform
    const left = new Map([...spans].filter(([, { from, to }]) => from < to))
    const reached = (partition: number, offset: number | undefined): void => {
      if (offset !== undefined && offset >= (left.get(partition)?.to ?? 0)) left.delete(partition)
      if (left.size === 0) this.#stop.abort()
    }
    void this.#watchEvents(consumer, reached)
    const look = async (): Promise<void> => {
      const offsets = await this.#committed().catch(() => new Map<number, number>()) // the consumer meets the same trouble, and reports it
      for (const [partition, offset] of offsets) reached(partition, offset)
      if (!this.#stop.signal.aborted) timer = clock.schedule(LOOK_EVERY_MS, () => void look())
    }
    let timer = clock.schedule(LOOK_EVERY_MS, () => void look())
    return () => {
      this.#stop.abort()
      timer.cancel()
    }
  }

  async #watchEvents(consumer: Consumer, reached: (partition: number, offset: number | undefined) => void): Promise<void> {
    for await (const event of consumer.events) {
      if (event.kind === 'committed') reached(event.partition, event.offset)
      if (event.kind === 'assigned') reached(event.partition, event.committed)
    }
  }

  async #spans(): Promise<ReadonlyMap<number, Span>> {
    const { topics } = createAdmin(this.#kafka)
    const isolation = 'read_committed'
    const starts = await topics.offsets(this.#topic, 'earliest', { isolation })
    const ends = await topics.offsets(this.#topic, 'latest', { isolation })
    const committed = await this.#committed()
    return new Map(
      ends.map(({ partition, offset: to }, i) => {
        const start = starts[i]?.offset ?? 0
        return [partition, { from: Math.max(start, committed.get(partition) ?? start), to }]
      }),
    )
  }

  async #committed(): Promise<ReadonlyMap<number, number>> {
    const offsets = await createAdmin(this.#kafka).groups.offsets(this.#options.group)
    return new Map(offsets.filter((o) => o.topic === this.#topic).map((o) => [o.partition, o.offset]))
  }

  #aborted({ reason }: AbortSignal): TidemarkError {
    return new TidemarkError('ABORTED', `the redrive of topic '${this.#topic}' was aborted; ${this.#soFar()}`, {
      topic: this.#topic,
      cause: reason,
    })
  }

  #soFar(): string {
    return `${this.#counts.result.redriven} records were put back by this call; call it again to go on`
  }

  #failed(cause: unknown): TidemarkError {
    return new TidemarkError('REDRIVE_FAILED', `the redrive of topic '${this.#topic}' failed: ${textOf(cause)}; ${this.#soFar()}`, {
      topic: this.#topic,
      cause,
    })
  }
}

/** The letter came after the beginning: it stays where it is. */
class BeyondTheEnd extends Error {}
