/**
 * Programs that write: plain ones, whose every record has to be handled in the end, and ones that use every option of
 * a producer.
 */
import { createProducer, type OutgoingMessage, type Producer, type ProducerOptions } from '@tidemark/client'
import type { Process } from '@tidemark/testing/internal'
import { placeOf } from '../facts.ts'
import { counted, countOptions } from '../workload/counted.ts'
import type { ProducerDraw } from '../workload/everything.ts'
import { TOPIC, type World } from '../world.ts'

export class Producers {
  readonly #world: World
  /** Those that still write. */
  busy = 0

  constructor(world: World) {
    this.#world = world
  }

  start(): void {
    const { plan, random } = this.#world
    for (let i = 0; i < plan.producers; i++) {
      const name = `producer-${i}`
      const process = this.#world.newProcess(name)
      this.busy++
      process.later(random.between(0, 300), () => void this.#produce(name, process))
    }
    plan.everything?.producers.forEach((draw, i) => {
      const process = this.#world.newProcess(`writer-${i}`, this.#world.chance)
      this.busy++
      process.later(this.#world.chance.between(0, 300), () => void this.#write(process, draw))
    })
  }

  /**
   * In manual mode a record whose handler did not commit is covered by a later commit in its partition: after the
   * last fault there is a later record, as often as it takes.
   */
  close(isNeeded: () => boolean, name = 'closer'): void {
    const process = this.#world.newProcess(name, this.#world.chance)
    const producer = createProducer(this.#world.kafkaOn(process))
    let n = 0
    const round = (): void => {
      if (n++ === CLOSERS_MAX || !isNeeded()) return
      for (const topic of this.#world.topicNames) {
        for (let partition = 0; partition < this.#world.plan.partitions; partition++) {
          const value = `${name}:${topic}:${partition}:${n}`
          this.#world.ledger.sent.set(value, undefined)
          this.busy++
          producer
            .send(topic, { key: name, value, partition })
            .then(
              (sent) => this.#acknowledged(topic, partition, sent.offset, value),
              (error) => this.#world.fail('a producer delivers', error),
            )
            .finally(() => this.busy--)
        }
      }
      process.later(CLOSER_EVERY_MS, round)
    }
    round()
  }

  async #produce(name: string, process: Process): Promise<void> {
    const world = this.#world
    const { plan, random, ledger } = world
    const producer = createProducer(world.kafkaOn(process), { deliveryTimeoutMs: 60_000, maxBlockMs: 60_000 })
    const pending: Promise<void>[] = []
    for (let n = 0; n < plan.recordsPerProducer; n++) {
      const value = `${name}:${n}`
      ledger.sent.set(value, undefined)
      const key = `key-${random.below(plan.keys)}`
      pending.push(
        producer.send(TOPIC, { key, value }).then(
          ({ partition, offset }) => this.#acknowledged(TOPIC, partition, offset, value),
          (error) => {
            // What was sent while its topic was made again belongs to neither.
            if (plan.everything?.topicIsMadeAgain || plan.everything?.truncation) ledger.sent.delete(value)
            else world.fail('a producer delivers', error)
          },
        ),
      )
      if (random.chance(0.5)) await new Promise<void>((resolve) => process.later(random.between(0, 60), resolve))
    }
    await Promise.all(pending)
    this.busy--
  }

  #acknowledged(topic: string, partition: number, offset: number, value: string): void {
    // -1: the broker has it already and does not say where. It is found at the end.
    // Nor can an answer that comes so late say to which of two topics it belongs.
    if (offset < 0 || this.#world.wiretap.names.ageMs(topic, this.#world.now()) < ANSWERS_WITHIN_MS) this.#world.ledger.sent.delete(value)
    else this.#world.tell({ kind: 'acknowledged', place: placeOf(this.#world.wiretap.names.named(topic), partition), offset, value })
  }

  async #write(process: Process, draw: ProducerDraw): Promise<void> {
    const { chance, plan } = this.#world
    const options = optionsOf(draw)
    countOptions(this.#world, 'ProducerOptions', options)
    const producer = counted(this.#world, 'Producer', createProducer(this.#world.kafkaOn(process), options))
    const topics = plan.everything!.topics.map((t) => t.name)
    const pending: Promise<unknown>[] = []
    const count = 10 + chance.below(40)
    const memory = Buffer.alloc(32)
    for (let n = 0; n < count; n++) {
      const topic = topics[chance.below(topics.length)]!
      const value = `${process.name}:${n}`
      pending.push(this.#send(producer, topic, value, memory, draw))
      if (chance.chance(0.3)) await new Promise<void>((resolve) => process.later(chance.between(0, 60), resolve))
      if (chance.chance(0.05)) await this.#within(process, 'flush()', producer.flush())
    }
    await this.#within(process, 'send()', Promise.allSettled(pending))
    await this.#within(process, 'close() of a producer', producer.close())
    this.busy--
  }

  async #send(producer: Producer, topic: string, value: string, memory: Buffer, draw: ProducerDraw): Promise<void> {
    const { chance, plan } = this.#world
    const bytes = draw.reusesBuffers ? memory.subarray(0, memory.write(value)) : value
    const key = draw.keys === 'none' ? null : `key-${chance.below(plan.keys)}`
    const message: OutgoingMessage = {
      key: draw.keys === 'bytes' && key !== null ? Buffer.from(key) : key,
      value: bytes,
      ...(draw.headers !== 'none' && { headers: headersOf(draw.headers) }),
      ...(draw.namesPartition && { partition: chance.below(plan.partitions) }),
      timestampMs: this.#world.now(),
    }
    countOptions(this.#world, 'OutgoingMessage', message)
    try {
      const sent = producer.send(topic, message)
      if (draw.reusesBuffers) memory.fill('x')
      const { partition, offset } = await sent
      if (draw.acks === 'all' && draw.idempotent) this.#acknowledged(topic, partition, offset, value)
    } catch (error) {
      const { code } = error as { code?: string }
      const own = code === 'PARTITIONER_FAILED' || code === 'INVALID_MESSAGE' || code === 'DELIVERY_TIMED_OUT' || code === 'SEND_FAILED'
      const isMissing = code === 'UNKNOWN_TOPIC' || code === 'UNKNOWN_PARTITION'
      if (!own && !isMissing && !(draw.partitioner === 'throwing')) this.#world.fail('a producer delivers', error)
    }
  }

  /** What a producer is asked for settles within its own limits. */
  async #within(process: Process, what: string, promise: Promise<unknown>): Promise<void> {
    const timer = process.later(LIMIT_MS, () =>
      this.#world.fail('a producer settles what it is asked for', `${process.name}: ${what} does not settle`),
    )
    try {
      await promise
    } finally {
      timer.cancel()
    }
  }
}

/** An answer is under way for no longer. */
const ANSWERS_WITHIN_MS = 1_000
const LIMIT_MS = 100_000
const CLOSER_EVERY_MS = 1_000
const CLOSERS_MAX = 20

function optionsOf(draw: ProducerDraw): ProducerOptions {
  const { acks, compression, idempotent, lingerMs, batchBytesMax } = draw
  let calls = 0
  const partitioner = (input: { partitions: number }): number => {
    if (draw.partitioner === 'throwing' && ++calls % 5 === 0) throw new Error('the partitioner failed')
    return calls % input.partitions
  }
  return {
    acks,
    compression,
    idempotent,
    lingerMs,
    batchBytesMax,
    deliveryTimeoutMs: 60_000,
    maxBlockMs: 60_000,
    ...(draw.partitioner !== 'default' && { partitioner }),
  }
}

function headersOf(kind: ProducerDraw['headers']): NonNullable<OutgoingMessage['headers']> {
  if (kind === 'record') return { trace: 'abc', empty: null }
  if (kind === 'list') return [{ key: 'trace', value: Buffer.from('abc') }]
  return [{ key: 'no value' }] as never
}
