/**
 * Reads a topic without a group: nothing is joined, nothing committed.
 *
 * A partition is finished when its *position* reaches the end, not when a certain record is seen: the last offsets
 * may hold markers, or records that compaction took out. Records of different partitions come in no particular order.
 */

import { aborted } from '../connect/abortable.ts'
import { Fetcher } from '../fetch/fetcher.ts'
import type { Delivery, FetchProblem, NextPosition } from '../fetch/types.ts'
import type { Kafka } from '../kafka.ts'
import { handleOf } from '../kafka.ts'
import type { FetchedMessage, ReceivedMessage } from '../messages/message.ts'
import { nameOf, type TopicName } from '../messages/topic.ts'
import { type Bounds, findBounds } from './bounds.ts'
import { isOffsetTable, type ResolvedReadOptions, resolveReadOptions } from './options.ts'
import type { ReadOptions } from './types.ts'

/**
 * The messages of a topic, within bounds. Leaving the loop, however, frees everything. Throws `TidemarkError`
 * INVALID_OPTION and INVALID_ARGUMENT at once, and from the loop: UNKNOWN_TOPIC, OFFSET_OUT_OF_RANGE, LOG_TRUNCATED,
 * TOPIC_REPLACED, CORRUPT_BATCH, ABORTED, CLOSED, UNREACHABLE, …
 *
 * ```ts
 * for await (const message of read(kafka, 'orders', { from: new Date('2026-01-01'), to: 'end' })) console.log(message.offset)
 * ```
 */
export function read(
  kafka: Kafka,
  topic: TopicName,
  options: ReadOptions = {},
): AsyncIterableIterator<ReceivedMessage, undefined> & AsyncDisposable {
  return new Reading(kafka, nameOf(topic), resolveReadOptions(options))
}

interface Chunk {
  readonly messages: readonly FetchedMessage[]
  readonly delivery: Delivery
  at: number
}

interface Waiter {
  resolve(result: IteratorResult<ReceivedMessage, undefined>): void
  reject(error: unknown): void
}

const DONE = { value: undefined, done: true } as const
/** What one partition may bring at once: a quarter of the buffer, as Kafka's default at most. */
const PARTITION_BYTES_MAX = 1024 * 1024

class Reading implements AsyncIterableIterator<ReceivedMessage, undefined>, AsyncDisposable {
  readonly #kafka: Kafka
  readonly #topic: string
  readonly #options: ResolvedReadOptions
  readonly #fetcher: Fetcher<Bounds>
  readonly #chunks: Chunk[] = []
  readonly #waiters: Waiter[] = []
  /** Partitions that have not reached their ends. */
  readonly #open = new Set<number>()
  #partitionCount = 0
  #begun = false
  #bounded = false
  /** All partitions are finished, or one failed. */
  #ended: { readonly error: unknown } | undefined
  #closed = false
  #stopListening: (() => void) | undefined

  constructor(kafka: Kafka, topic: string, options: ResolvedReadOptions) {
    const { bufferBytesMax, isolation, checkCrc } = options
    this.#kafka = kafka
    this.#topic = topic
    this.#options = options
    this.#fetcher = new Fetcher(
      handleOf(kafka).cluster,
      {
        onRecords: (bounds, messages, next, delivery) => this.#onRecords(bounds, messages, next, delivery),
        onProblem: (_bounds, problem) => this.#onProblem(problem),
      },
      {
        bufferBytesMax,
        bytesMax: Math.min(bufferBytesMax, 16 * 1024 * 1024),
        partitionBytesMax: Math.min(PARTITION_BYTES_MAX, Math.max(1, Math.floor(bufferBytesMax / 4))),
        isolation,
        checkCrc,
        // It is over soon, and would hold the place of another client's session for minutes.
        sessions: false,
      },
    )
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    const message = this.#take()
    if (message !== undefined) return Promise.resolve({ value: message, done: false })
    if (this.#closed) return Promise.resolve(DONE)
    if (this.#ended !== undefined) return this.#finish(this.#ended.error)
    const promise = new Promise<IteratorResult<ReceivedMessage, undefined>>((resolve, reject) => this.#waiters.push({ resolve, reject }))
    if (!this.#begun) void this.#begin()
    return promise
  }

  return(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    this.#close()
    return Promise.resolve(DONE)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close()
    return Promise.resolve()
  }

  #take(): FetchedMessage | undefined {
    const chunk = this.#chunks[0]
    if (chunk === undefined) return undefined
    const message = chunk.messages[chunk.at++]
    if (chunk.at === chunk.messages.length) {
      this.#chunks.shift()
      chunk.delivery.release()
    }
    return message
  }

  #finish(error: unknown): Promise<IteratorResult<ReceivedMessage, undefined>> {
    this.#close()
    return error === undefined ? Promise.resolve(DONE) : Promise.reject(error)
  }

  async #begin(): Promise<void> {
    this.#begun = true
    const { signal, to } = this.#options
    if (signal?.aborted) return this.#abort()
    signal?.addEventListener('abort', this.#abort, { once: true })
    try {
      const bounds = await findBounds(handleOf(this.#kafka).cluster, this.#topic, this.#options, this)
      if (this.#closed) return
      this.#bounded = to !== undefined
      this.#partitionCount = handleOf(this.#kafka).cluster.topic(this.#topic)?.partitions.length ?? 0
      for (const b of bounds) this.#follow(b)
      if (this.#open.size === 0) this.#end(undefined)
      else this.#stopListening = handleOf(this.#kafka).cluster.onChange((topics) => this.#onChange(topics))
    } catch (error) {
      this.#end(error)
    }
  }

  #follow(bounds: Bounds): void {
    if (bounds.from >= bounds.to) return
    this.#open.add(bounds.partition)
    this.#fetcher.add({ topic: this.#topic, partition: bounds.partition }, { offset: bounds.from }, bounds)
  }

  /** Partitions that were added while the topic is followed. */
  #onChange(topics: readonly string[]): void {
    const { partitions, from } = this.#options
    const named = partitions !== undefined || isOffsetTable(from) // a table `to` bounds the reading anyway
    if (this.#bounded || named || !topics.includes(this.#topic)) return
    const count = handleOf(this.#kafka).cluster.topic(this.#topic)?.partitions.length ?? 0
    for (; this.#partitionCount < count; this.#partitionCount++) {
      this.#follow({ partition: this.#partitionCount, from: 0, to: Number.POSITIVE_INFINITY })
    }
  }

  #onRecords(bounds: Bounds, messages: readonly FetchedMessage[], next: NextPosition, delivery: Delivery): void {
    if (this.#closed || this.#ended !== undefined) {
      delivery.release()
      return
    }
    const finished = next.offset >= bounds.to
    const wanted = finished ? messages.filter((m) => m.offset < bounds.to) : messages
    if (wanted.length > 0) this.#chunks.push({ messages: wanted, delivery, at: 0 })
    else delivery.release()
    if (finished) {
      this.#open.delete(bounds.partition)
      this.#fetcher.remove({ topic: this.#topic, partition: bounds.partition })
    }
    while (this.#waiters.length > 0 && this.#chunks.length > 0) {
      this.#waiters.shift()!.resolve({ value: this.#take()!, done: false })
    }
    if (this.#open.size === 0) this.#end(undefined)
  }

  #onProblem(problem: FetchProblem): void {
    this.#end(problem.error)
  }

  /** What was fetched is still handed out; then the loop ends, or throws. */
  #end(error: unknown): void {
    if (this.#closed || this.#ended !== undefined) return
    this.#ended = { error }
    const first = this.#waiters.shift()
    if (first === undefined) return
    this.#finish(error).then(first.resolve, first.reject)
  }

  readonly #abort = (): void => {
    const error = aborted(`reading topic '${this.#topic}'`, this.#options.signal!)
    for (const chunk of this.#chunks.splice(0)) chunk.delivery.release()
    if (this.#ended === undefined) this.#end(error)
    else this.#ended = { error }
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#options.signal?.removeEventListener('abort', this.#abort)
    this.#stopListening?.()
    this.#chunks.length = 0
    void this.#fetcher.close() // it has no sessions to wait for
    handleOf(this.#kafka).cluster.release(this)
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(DONE)
  }
}
