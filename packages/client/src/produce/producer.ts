/**
 * The producer as its user sees it: `send` encodes, finds the partition, and waits while the buffer is full.
 * Sends to one topic are taken in the order in which they were called, whatever they had to wait for.
 */

import { checkOptions, checkSignal, describe, durationOption, Fifo, TidemarkError, type Timer } from '@tidemark/platform'
import { ErrorCode, recordBytesMax } from '@tidemark/protocol'
import { isLost } from '../cluster/cluster.ts'
import type { CallLimits } from '../cluster/retrying.ts'
import { refusedTopic, unknownPartition } from '../cluster/topic-errors.ts'
import type { TopicView } from '../cluster/types.ts'
import { aborted } from '../connect/abortable.ts'
import { textOf } from '../diagnostics.ts'
import { handleOf, type Kafka, type KafkaHandle } from '../kafka.ts'
import { type Bytes, nameOf, type TopicName, type TypedTopic } from '../messages/topic.ts'
import { ProduceBatch } from './batch.ts'
import { type OutgoingRecord, ownCopy, toRecord } from './encode.ts'
import { resolveProducerOptions } from './options.ts'
import { PartitionQueue } from './partition-queue.ts'
import { StickyPartitions } from './partitioner.ts'
import { PendingSend } from './pending-send.ts'
import { Sender } from './sender.ts'
import type { OutgoingMessage, ProducerOptions, ResolvedProducerOptions, SendResult } from './types.ts'

export interface Producer {
  /**
   * Resolves once the message is acknowledged as `acks` says, with where it is; for several, with one result each, in
   * order. Rejects with `TidemarkError` once all of them are settled, the first failure first: UNKNOWN_TOPIC,
   * MESSAGE_TOO_LARGE, DELIVERY_TIMED_OUT, BUFFER_FULL, INVALID_MESSAGE, UNKNOWN_PARTITION, PARTITIONER_FAILED,
   * CLOSED, or Kafka's name of what the broker answered. Everything about a message that can be checked without a
   * broker is checked before any message of the call is taken.
   *
   * All bytes are copied before `send` returns: the caller may use its buffers again at once.
   *
   * ```ts
   * await producer.send('orders', { key: 'a', value: 'paid' })   // { topic: 'orders', partition: 2, offset: 17, timestampMs: … }
   * ```
   */
  send(topic: TopicName, message: OutgoingMessage): Promise<SendResult>
  send(topic: TopicName, messages: readonly OutgoingMessage[]): Promise<SendResult[]>
  send<K, V>(topic: TypedTopic<K, V>, message: OutgoingMessage<K | null, V | null>): Promise<SendResult>
  send<K, V>(topic: TypedTopic<K, V>, messages: readonly OutgoingMessage<K | null, V | null>[]): Promise<SendResult[]>
  /**
   * Resolves once everything sent so far is settled, one way or the other; nothing lingers meanwhile. Rejects with
   * `TidemarkError` TIMED_OUT after `timeoutMs` (default: no limit but `deliveryTimeoutMs`), or ABORTED; what was
   * sent goes on.
   */
  flush(options?: CallLimits): Promise<void>
  /**
   * Takes no more messages, flushes, and closes the producer's connections. What is not settled after `timeoutMs`
   * (default: no limit but `deliveryTimeoutMs`) rejects CLOSED, and may have been written all the same. A second call
   * waits for the first, and may shorten it.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Throws `TidemarkError` INVALID_OPTION. Does no I/O: the first `send` does. */
export const createProducer = (kafka: Kafka, options: ProducerOptions = {}): Producer => new KafkaProducer(kafka, options)

/** The waiting sends of one topic; some records of the first one may be in batches already. */
interface TopicQueue {
  readonly topic: string
  readonly sends: Fifo<PendingSend>
  readonly queues: PartitionQueue[]
  lookingUp: boolean
  lastError: TidemarkError | undefined
}

interface Flush {
  readonly left: Set<PendingSend>
  resolve: () => void
}

class KafkaProducer implements Producer {
  readonly #kafka: KafkaHandle
  readonly #options: ResolvedProducerOptions
  readonly #sender: Sender
  readonly #sticky: StickyPartitions
  readonly #topicQueues = new Map<string, TopicQueue>()
  /** Topics whose next record does not fit into the buffer, in the order in which they began to wait. */
  readonly #shortOfMemory = new Set<TopicQueue>()
  readonly #unsettled = new Set<PendingSend>()
  readonly #blocked = new Map<PendingSend, Timer>()
  #flushes: Flush[] = []
  #bufferedBytes = 0
  #stopListening: (() => void) | undefined
  readonly #stopWaitingForEnd: () => void
  #closing: Promise<void> | undefined
  /** Why nothing is sent any more. */
  #abandoned: TidemarkError | undefined

  constructor(kafka: Kafka, options: ProducerOptions) {
    this.#kafka = handleOf(kafka)
    this.#options = resolveProducerOptions(options)
    this.#sender = new Sender(this.#kafka.cluster, this.#options, (batch) => this.#onDone(batch))
    this.#sticky = new StickyPartitions(this.#kafka.platform.random)
    this.#stopWaitingForEnd = this.#kafka.cluster.onClose((error) => this.#abandon(error))
  }

  /** The overloads of `Producer` have the types. */
  send(topic: TopicName, input: any): Promise<any> {
    let name: string
    let records: OutgoingRecord[]
    if (this.#closing !== undefined || this.#abandoned !== undefined) return Promise.reject(this.#abandoned ?? closedError())
    const single = !Array.isArray(input)
    // A copy without holes: what `map` would pass over is refused like anything else that is not a message.
    const messages: readonly OutgoingMessage<Bytes | null, Bytes | null>[] = single ? [input] : Array.from(input)
    try {
      name = nameOf(topic)
      const nowMs = Math.floor(this.#kafka.platform.clock.now())
      records = messages.map((message) => this.#withinLimit(name, toRecord(topic, message, nowMs)))
    } catch (error) {
      return Promise.reject(error)
    }
    const send = new PendingSend(name, records, single, (settled) => this.#onSettled(settled))
    if (records.length === 0) return send.promise
    this.#unsettled.add(send)
    const topicQueue = this.#topicQueue(name)
    topicQueue.sends.push(send)
    if (topicQueue.sends.length === 1) this.#advance(topicQueue)
    if (send.accepted < records.length) this.#block(send)
    return send.promise
  }

  #withinLimit(topic: string, record: OutgoingRecord): OutgoingRecord {
    const bytes = recordBytesMax(record)
    const { recordBytesMax: limit } = this.#options
    if (bytes <= limit) return record
    throw new TidemarkError(
      'MESSAGE_TOO_LARGE',
      `a message of ${bytes} bytes for topic '${topic}' is larger than recordBytesMax (${limit})`,
      { topic },
    )
  }

  #topicQueue(topic: string): TopicQueue {
    let topicQueue = this.#topicQueues.get(topic)
    if (topicQueue === undefined) {
      topicQueue = { topic, sends: new Fifo<PendingSend>(), queues: [], lookingUp: false, lastError: undefined }
      this.#topicQueues.set(topic, topicQueue)
    }
    return topicQueue
  }

  /** Accepts what can be accepted now, in order. */
  #advance(topicQueue: TopicQueue): void {
    while (topicQueue.sends.length > 0) {
      const view = this.#viewOf(topicQueue)
      if (view === undefined) return
      const send = topicQueue.sends.peek()!
      while (send.accepted < send.records.length) {
        const record = send.records[send.accepted]!
        const bytes = recordBytesMax(record)
        if (record.partition !== undefined && record.partition >= view.partitions.length && !send.isLookedUp) {
          // The view may be older than the partition: it is looked up again before the record is refused.
          this.#kafka.cluster.invalidate(topicQueue.topic)
          if (!topicQueue.lookingUp) void this.#lookUp(topicQueue)
          return
        }
        if (this.#bufferedBytes > 0 && this.#bufferedBytes + bytes > this.#options.bufferBytesMax) {
          this.#shortOfMemory.add(topicQueue)
          return
        }
        this.#accept(topicQueue, view, send, record, bytes)
      }
      topicQueue.sends.shift()
      this.#unblock(send)
    }
  }

  #accept(topicQueue: TopicQueue, view: TopicView, send: PendingSend, record: OutgoingRecord, bytes: number): void {
    const index = send.accepted++
    let partition: number
    try {
      partition = this.#partitionFor(topicQueue, view, record)
    } catch (error) {
      send.failed(partitionerFailed(view.name, textOf(error), error))
      return
    }
    if (this.#abandoned !== undefined) {
      send.failed(this.#abandoned) // the partitioner closed the Kafka handle
      return
    }
    if (!Number.isInteger(partition) || partition < 0 || partition >= view.partitions.length) {
      const count = view.partitions.length
      const isOurs = record.partition === undefined
      const text = `it returned ${describe(partition)}; the topic has partitions 0 to ${count - 1}`
      send.failed(isOurs ? partitionerFailed(view.name, text) : unknownPartition(view.name, partition, count))
      return
    }
    const queue = (topicQueue.queues[partition] ??= new PartitionQueue(view.name, partition))
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

  #partitionFor(topicQueue: TopicQueue, view: TopicView, record: OutgoingRecord): number {
    if (record.partition !== undefined) return record.partition
    const { partitioner, batchBytesMax } = this.#options
    const { key, value } = record
    if (partitioner !== undefined) return partitioner({ topic: view.name, key, value, partitions: view.partitions.length })
    return this.#sticky.partitionFor(
      view,
      key,
      (partition) => !(topicQueue.queues[partition]?.open?.hasRoom(record, batchBytesMax) ?? false),
    )
  }

  #viewOf(topicQueue: TopicQueue): TopicView | undefined {
    const view = this.#kafka.cluster.topic(topicQueue.topic)
    if (view !== undefined && view.partitions.length > 0) return view
    if (!topicQueue.lookingUp) void this.#lookUp(topicQueue)
    return undefined
  }

  async #lookUp(topicQueue: TopicQueue): Promise<void> {
    topicQueue.lookingUp = true
    this.#listen()
    try {
      const timeoutMs = Math.min(this.#options.topicWaitMs, this.#options.maxBlockMs)
      const views = await this.#kafka.cluster.topics([topicQueue.topic], { autoCreate: this.#options.autoCreate, timeoutMs })
      const { errorCode } = views.get(topicQueue.topic)!
      const first = topicQueue.sends.peek()
      if (first !== undefined) first.isLookedUp = true
      if (errorCode === ErrorCode.LEADER_NOT_AVAILABLE) topicQueue.lastError = refusedTopic(topicQueue.topic, errorCode)
      else if (errorCode !== 0) this.#refuse(topicQueue, refusedTopic(topicQueue.topic, errorCode))
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error
      if (!isLost(error)) this.#refuse(topicQueue, error)
      else topicQueue.lastError = error
    }
    topicQueue.lookingUp = false
    this.#advance(topicQueue)
  }

  /** Keeps the view of the topics in use fresh, and sends on when leaders have moved. */
  #listen(): void {
    this.#stopListening ??= this.#kafka.cluster.onChange(() => this.#sender.wake())
  }

  #refuse(topicQueue: TopicQueue, error: TidemarkError): void {
    for (const send of topicQueue.sends.take(topicQueue.sends.length)) {
      this.#unblock(send)
      send.giveUp(error)
    }
    if (topicQueue.queues.length > 0) return
    this.#topicQueues.delete(topicQueue.topic)
    this.#kafka.cluster.forget(topicQueue.topic)
  }

  /** The send has to wait: for at most `maxBlockMs`, among at most `sendsWaitingMax`. */
  #block(send: PendingSend): void {
    const { maxBlockMs, sendsWaitingMax } = this.#options
    if (this.#blocked.size >= sendsWaitingMax) {
      this.#giveUp(send, this.#full(send, `${sendsWaitingMax} others wait already (sendsWaitingMax)`))
      return
    }
    send.keep(ownCopy)
    const timer = this.#kafka.platform.clock.schedule(maxBlockMs, () => this.#giveUp(send, this.#tooLate(send)))
    this.#blocked.set(send, timer)
  }

  #unblock(send: PendingSend): void {
    this.#blocked.get(send)?.cancel()
    this.#blocked.delete(send)
  }

  #giveUp(send: PendingSend, error: TidemarkError): void {
    this.#unblock(send)
    send.giveUp(error) // it stays in its queue, with nothing left to accept
    this.#advance(this.#topicQueue(send.topic))
  }

  #tooLate(send: PendingSend): TidemarkError {
    const { topic } = send
    const why = `it has waited ${this.#options.maxBlockMs} ms (maxBlockMs)`
    if ((this.#kafka.cluster.topic(topic)?.partitions.length ?? 0) > 0) return this.#full(send, why)
    return this.#topicQueue(topic).lastError ?? new TidemarkError('TIMED_OUT', `topic '${topic}' could not be looked up: ${why}`, { topic })
  }

  #full({ topic }: PendingSend, why: string): TidemarkError {
    const text = `the buffer is full for a message to topic '${topic}': ${this.#bufferedBytes} bytes are not acknowledged yet (bufferBytesMax is ${this.#options.bufferBytesMax}), and ${why}`
    return new TidemarkError('BUFFER_FULL', text, { topic })
  }

  #onDone(batch: ProduceBatch): void {
    this.#bufferedBytes -= batch.bufferedBytes
    if (this.#shortOfMemory.size === 0) return
    const queues = [...this.#shortOfMemory]
    this.#shortOfMemory.clear()
    for (const topicQueue of queues) this.#advance(topicQueue)
  }

  #onSettled(send: PendingSend): void {
    this.#unsettled.delete(send)
    if (this.#flushes.length === 0) return
    for (const flush of this.#flushes) flush.left.delete(send)
    const done = this.#flushes.filter((flush) => flush.left.size === 0)
    if (done.length > 0) this.#ended(done)
    for (const flush of done) flush.resolve()
  }

  async flush(options: CallLimits = {}): Promise<void> {
    checkOptions<CallLimits>('flush()', options, { timeoutMs: true, signal: true })
    const timeoutMs = options.timeoutMs === undefined ? undefined : durationOption('timeoutMs', options.timeoutMs)
    const signal = checkSignal(options.signal)
    if (this.#unsettled.size === 0) return
    const { clock } = this.#kafka.platform
    const flush: Flush = { left: new Set(this.#unsettled), resolve: () => {} }
    this.#flushes.push(flush)
    this.#sender.hurry = true
    this.#sender.wake()
    let timer: Timer | undefined
    let onAbort = (): void => {}
    try {
      await new Promise<void>((resolve, reject) => {
        flush.resolve = resolve
        onAbort = () => reject(aborted('flush', signal!))
        if (signal?.aborted) return onAbort()
        signal?.addEventListener('abort', onAbort, { once: true })
        if (timeoutMs === undefined) return
        const text = (): string => `flush was not done within ${timeoutMs} ms: ${flush.left.size} sends are not settled`
        timer = clock.schedule(timeoutMs, () => reject(new TidemarkError('TIMED_OUT', text())))
      })
    } finally {
      timer?.cancel()
      signal?.removeEventListener('abort', onAbort)
      this.#ended([flush])
    }
  }

  #ended(flushes: readonly Flush[]): void {
    this.#flushes = this.#flushes.filter((flush) => !flushes.includes(flush))
    this.#sender.hurry = this.#flushes.length > 0
  }

  async close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    checkOptions<{ timeoutMs?: number }>('close()', options, { timeoutMs: true })
    const { timeoutMs } = options
    if (timeoutMs !== undefined) durationOption('timeoutMs', timeoutMs, { zero: true })
    this.#closing ??= this.flush().then(() => this.#abandon(closedError()))
    const giveUp = (): void => this.#abandon(closedError())
    const timer = timeoutMs === undefined ? undefined : this.#kafka.platform.clock.schedule(timeoutMs, giveUp)
    await this.#closing
    timer?.cancel()
  }

  /** Whatever is not settled rejects with `error`; nothing is sent any more. */
  #abandon(error: TidemarkError): void {
    if (this.#abandoned !== undefined) return
    this.#abandoned = error
    this.#stopListening?.()
    this.#stopWaitingForEnd()
    this.#sender.close(error)
    for (const topicQueue of [...this.#topicQueues.values()]) this.#refuse(topicQueue, error)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const closedError = (): TidemarkError => new TidemarkError('CLOSED', 'this producer was closed')

const partitionerFailed = (topic: string, why: string, cause?: unknown): TidemarkError =>
  new TidemarkError('PARTITIONER_FAILED', `the partitioner failed for a message to topic '${topic}': ${why}`, { topic, cause })
