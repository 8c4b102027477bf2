/**
 * The producer as its user sees it: `send` encodes, finds the partition, and waits while there is no room.
 * Sends to one topic are taken in the order in which they were called, whatever they had to wait for.
 */

import { Fifo, TidemarkError, type Timer } from '@tidemark/platform'
import { ErrorCode, recordBytesMax } from '@tidemark/protocol'
import { isLost } from '../cluster/cluster.ts'
import { refusedTopic } from '../cluster/list-offsets.ts'
import type { TopicView } from '../cluster/types.ts'
import { handleOf, type Kafka, type KafkaHandle } from '../kafka.ts'
import { type Bytes, nameOf, type TopicName, type TypedTopic } from '../messages/topic.ts'
import { ProduceBatch } from './batch.ts'
import { type OutgoingRecord, toRecord } from './encode.ts'
import { resolveProducerOptions } from './options.ts'
import { PartitionQueue } from './partition-queue.ts'
import { StickyPartitions } from './partitioner.ts'
import { PendingSend } from './pending-send.ts'
import { Sender } from './sender.ts'
import type { OutgoingMessage, ProducerOptions, ResolvedProducerOptions, SendResult } from './types.ts'

export interface Producer {
  /**
   * Resolves once the message is acknowledged as `acks` says, with where it is; for several, with one result each, in order.
   * Rejects with `TidemarkError` once all of them are settled, the first failure first: UNKNOWN_TOPIC, MESSAGE_TOO_LARGE,
   * DELIVERY_TIMED_OUT, BUFFER_FULL, INVALID_MESSAGE, UNKNOWN_PARTITION, CLOSED, or Kafka's name of what the broker answered.
   *
   * ```ts
   * await producer.send('orders', { key: 'a', value: 'paid' })   // { topic: 'orders', partition: 2, offset: 17, timestampMs: … }
   * ```
   */
  send(topic: TopicName, message: OutgoingMessage): Promise<SendResult>
  send(topic: TopicName, messages: readonly OutgoingMessage[]): Promise<SendResult[]>
  send<K, V>(topic: TypedTopic<K, V>, message: OutgoingMessage<K | null, V | null>): Promise<SendResult>
  send<K, V>(topic: TypedTopic<K, V>, messages: readonly OutgoingMessage<K | null, V | null>[]): Promise<SendResult[]>
  /** Resolves once everything sent so far is settled; nothing lingers meanwhile. */
  flush(): Promise<void>
  /** Takes no more messages, flushes, and closes the producer's connections. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Throws `TidemarkError` INVALID_OPTION. Does no I/O: the first `send` does. */
export const createProducer = (kafka: Kafka, options: ProducerOptions = {}): Producer => new KafkaProducer(kafka, options)

/** The sends of one topic that wait, the first of them perhaps half accepted. */
interface Lane {
  readonly topic: string
  readonly sends: Fifo<PendingSend>
  readonly queues: PartitionQueue[]
  lookingUp: boolean
  lastError: TidemarkError | undefined
}

class KafkaProducer implements Producer {
  readonly #kafka: KafkaHandle
  readonly #options: ResolvedProducerOptions
  readonly #sender: Sender
  readonly #sticky: StickyPartitions
  readonly #lanes = new Map<string, Lane>()
  /** Lanes that wait for room, in the order in which they began to. */
  readonly #crowded = new Set<Lane>()
  readonly #unsettled = new Set<PendingSend>()
  readonly #blocked = new Map<PendingSend, Timer>()
  #flushes: { left: Set<PendingSend>; resolve(): void }[] = []
  #bufferedBytes = 0
  #stopListening: (() => void) | undefined
  #closing: Promise<void> | undefined

  constructor(kafka: Kafka, options: ProducerOptions) {
    this.#kafka = handleOf(kafka)
    this.#options = resolveProducerOptions(options)
    this.#sender = new Sender(this.#kafka.cluster, this.#options, (batch) => this.#onDone(batch))
    this.#sticky = new StickyPartitions(this.#kafka.platform.random)
  }

  /** The overloads of `Producer` say what is what. */
  send(topic: TopicName, input: any): Promise<any> {
    const name = nameOf(topic)
    if (this.#closing !== undefined) return Promise.reject(new TidemarkError('CLOSED', 'this producer was closed', { topic: name }))
    const single = !Array.isArray(input)
    const messages: readonly OutgoingMessage<Bytes | null, Bytes | null>[] = single ? [input] : input
    let records: OutgoingRecord[]
    try {
      const nowMs = Math.floor(this.#kafka.platform.clock.now())
      records = messages.map((message) => this.#checked(name, toRecord(topic, message, nowMs)))
    } catch (error) {
      return Promise.reject(error)
    }
    const send = new PendingSend(name, records, single, (settled) => this.#onSettled(settled))
    if (records.length === 0) return send.promise
    this.#unsettled.add(send)
    const lane = this.#lane(name)
    lane.sends.push(send)
    if (lane.sends.length === 1) this.#advance(lane)
    if (send.accepted < records.length) this.#block(send)
    return send.promise
  }

  #checked(topic: string, record: OutgoingRecord): OutgoingRecord {
    const bytes = recordBytesMax(record)
    const { recordBytesMax: limit } = this.#options
    if (bytes <= limit) return record
    throw new TidemarkError(
      'MESSAGE_TOO_LARGE',
      `a message of ${bytes} bytes for topic '${topic}' is larger than recordBytesMax (${limit})`,
      { topic },
    )
  }

  #lane(topic: string): Lane {
    let lane = this.#lanes.get(topic)
    if (lane === undefined) {
      lane = { topic, sends: new Fifo<PendingSend>(), queues: [], lookingUp: false, lastError: undefined }
      this.#lanes.set(topic, lane)
    }
    return lane
  }

  /** Accepts what can be accepted now, in order. */
  #advance(lane: Lane): void {
    while (lane.sends.length > 0) {
      const view = this.#viewOf(lane)
      if (view === undefined) return
      const send = lane.sends.peek()!
      while (send.accepted < send.records.length) {
        const record = send.records[send.accepted]!
        const bytes = recordBytesMax(record)
        if (this.#bufferedBytes > 0 && this.#bufferedBytes + bytes > this.#options.bufferBytesMax) {
          this.#crowded.add(lane)
          return
        }
        this.#accept(lane, view, send, record, bytes)
      }
      lane.sends.shift()
      this.#unblock(send)
    }
  }

  #accept(lane: Lane, view: TopicView, send: PendingSend, record: OutgoingRecord, bytes: number): void {
    const index = send.accepted++
    const partition = this.#partitionFor(lane, view, record)
    if (!Number.isInteger(partition) || partition < 0 || partition >= view.partitions.length) {
      const text = `topic '${view.name}' has no partition ${partition}; it has ${view.partitions.length}`
      send.failed(new TidemarkError('UNKNOWN_PARTITION', text, { topic: view.name, partition }))
      return
    }
    const queue = (lane.queues[partition] ??= new PartitionQueue(view.name, partition))
    let batch = queue.open
    if (batch === undefined || !batch.hasRoom(record, this.#options.batchBytesMax)) {
      const nowMs = this.#kafka.platform.clock.monotonic()
      const expected = Math.min(Math.max(queue.bytesExpected, bytes + 128), this.#options.batchBytesMax)
      batch = new ProduceBatch(view.name, partition, nowMs, nowMs + this.#options.deliveryTimeoutMs, expected)
      queue.waiting.push(batch)
      this.#sender.offer(queue)
    }
    batch.add(record, send, index)
    batch.bufferedBytes += bytes
    this.#bufferedBytes += bytes
  }

  #partitionFor(lane: Lane, view: TopicView, record: OutgoingRecord): number {
    if (record.partition !== undefined) return record.partition
    const { partitioner, batchBytesMax } = this.#options
    const { key, value } = record
    if (partitioner !== undefined) return partitioner({ topic: view.name, key, value, partitions: view.partitions.length })
    return this.#sticky.partitionFor(view, key, (partition) => !(lane.queues[partition]?.open?.hasRoom(record, batchBytesMax) ?? false))
  }

  #viewOf(lane: Lane): TopicView | undefined {
    const view = this.#kafka.cluster.topic(lane.topic)
    if (view !== undefined && view.partitions.length > 0) return view
    if (!lane.lookingUp) void this.#lookUp(lane)
    return undefined
  }

  async #lookUp(lane: Lane): Promise<void> {
    lane.lookingUp = true
    this.#listen()
    try {
      const timeoutMs = Math.min(this.#options.topicWaitMs, this.#options.maxBlockMs)
      const views = await this.#kafka.cluster.topics([lane.topic], { autoCreate: this.#options.autoCreate, timeoutMs })
      const { errorCode } = views.get(lane.topic)!
      if (errorCode === ErrorCode.LEADER_NOT_AVAILABLE) lane.lastError = refusedTopic(lane.topic, errorCode)
      else if (errorCode !== 0) this.#refuse(lane, refusedTopic(lane.topic, errorCode))
    } catch (error) {
      if (!isLost(error)) this.#refuse(lane, error as TidemarkError)
      else lane.lastError = error
    }
    lane.lookingUp = false
    this.#advance(lane)
  }

  /** Keeps the view of the topics in use fresh, and hears of leaders that moved. */
  #listen(): void {
    this.#stopListening ??= this.#kafka.cluster.onChange(() => this.#sender.wake())
  }

  #refuse(lane: Lane, error: TidemarkError): void {
    for (const send of lane.sends.take(lane.sends.length)) {
      this.#unblock(send)
      send.giveUp(error)
    }
    if (lane.queues.length > 0) return
    this.#lanes.delete(lane.topic)
    this.#kafka.cluster.forget(lane.topic)
  }

  /** The send has to wait: for as long as `maxBlockMs`, and not as one of too many. */
  #block(send: PendingSend): void {
    const { maxBlockMs, sendsWaitingMax } = this.#options
    if (this.#blocked.size >= sendsWaitingMax) {
      this.#giveUp(send, this.#full(send, `${sendsWaitingMax} others wait already (sendsWaitingMax)`))
      return
    }
    const timer = this.#kafka.platform.clock.schedule(maxBlockMs, () => this.#giveUp(send, this.#tooLate(send)))
    this.#blocked.set(send, timer)
  }

  #unblock(send: PendingSend): void {
    this.#blocked.get(send)?.cancel()
    this.#blocked.delete(send)
  }

  #giveUp(send: PendingSend, error: TidemarkError): void {
    this.#unblock(send)
    send.giveUp(error) // it stays in its lane, with nothing left to accept
    this.#advance(this.#lane(send.topic))
  }

  #tooLate(send: PendingSend): TidemarkError {
    const { topic } = send
    const why = `it has waited ${this.#options.maxBlockMs} ms (maxBlockMs)`
    if ((this.#kafka.cluster.topic(topic)?.partitions.length ?? 0) > 0) return this.#full(send, why)
    return this.#lane(topic).lastError ?? new TidemarkError('TIMED_OUT', `topic '${topic}' could not be looked up: ${why}`, { topic })
  }

  #full({ topic }: PendingSend, why: string): TidemarkError {
    const text = `no room for a message to topic '${topic}': ${this.#bufferedBytes} bytes are not acknowledged yet (bufferBytesMax is ${this.#options.bufferBytesMax}), and ${why}`
    return new TidemarkError('BUFFER_FULL', text, { topic })
  }

  #onDone(batch: ProduceBatch): void {
    this.#bufferedBytes -= batch.bufferedBytes
    if (this.#crowded.size === 0) return
    const lanes = [...this.#crowded]
    this.#crowded.clear()
    for (const lane of lanes) this.#advance(lane)
  }

  #onSettled(send: PendingSend): void {
    this.#unsettled.delete(send)
    if (this.#flushes.length === 0) return
    for (const flush of this.#flushes) flush.left.delete(send)
    const done = this.#flushes.filter((flush) => flush.left.size === 0)
    this.#flushes = this.#flushes.filter((flush) => flush.left.size > 0)
    this.#sender.hurry = this.#flushes.length > 0
    for (const flush of done) flush.resolve()
  }

  flush(): Promise<void> {
    if (this.#unsettled.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#flushes.push({ left: new Set(this.#unsettled), resolve })
      this.#sender.hurry = true
      this.#sender.wake()
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.flush().then(() => {
      this.#stopListening?.()
      this.#sender.close(new TidemarkError('CLOSED', 'this producer was closed'))
    })
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
