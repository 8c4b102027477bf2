/**
 * One record as its reader sees it. Nothing is decoded before it is asked for: the object holds where key, value and headers
 * lie in the memory of the answer (or of the decompressed batch), and makes views when they are read. That memory is never
 * reused, so a message stays valid as long as it is kept; `copy` lets go of the rest of the answer.
 */
import { type Header, readHeaders } from '@tidemark/protocol'
import type { Offset } from './offset.ts'

/** What all messages of one batch have in common. */
export interface MessageSource {
  readonly topic: string
  readonly partition: number
  readonly leaderEpoch: number
  /** The records of the batch, decompressed. */
  readonly body: Buffer
}

const inspect = Symbol.for('nodejs.util.inspect.custom')

export class Message {
  readonly offset: Offset
  /** Milliseconds since 1970, by the producer's clock or by the broker's (`message.timestamp.type`). */
  readonly timestampMs: number
  readonly #source: MessageSource
  readonly #keyAt: number
  readonly #keySize: number
  readonly #valueAt: number
  readonly #valueSize: number
  #key: Buffer | null | undefined = undefined
  #value: Buffer | null | undefined = undefined
  #headers: readonly Header[] | undefined = undefined

  /** A size of -1 is null. The headers begin where the value ends. */
  constructor(
    source: MessageSource,
    offset: number,
    timestampMs: number,
    keyAt: number,
    keySize: number,
    valueAt: number,
    valueSize: number,
  ) {
    this.#source = source
    this.offset = offset as Offset
    this.timestampMs = timestampMs
    this.#keyAt = keyAt
    this.#keySize = keySize
    this.#valueAt = valueAt
    this.#valueSize = valueSize
  }

  get topic(): string {
    return this.#source.topic
  }

  get partition(): number {
    return this.#source.partition
  }

  /** The epoch of the leader that appended it; -1: not known. */
  get leaderEpoch(): number {
    return this.#source.leaderEpoch
  }

  get key(): Buffer | null {
    this.#key ??= this.#keySize < 0 ? null : this.#source.body.subarray(this.#keyAt, this.#keyAt + this.#keySize)
    return this.#key
  }

  get value(): Buffer | null {
    this.#value ??= this.#valueSize < 0 ? null : this.#source.body.subarray(this.#valueAt, this.#valueAt + this.#valueSize)
    return this.#value
  }

  /** In their order; a name may come twice. */
  get headers(): readonly Header[] {
    this.#headers ??= readHeaders(this.#source.body, this.#valueAt + Math.max(0, this.#valueSize)).headers
    return this.#headers
  }

  /** The value of the last header with this name, as Kafka's `lastHeader`; undefined: there is none. */
  header(name: string): Uint8Array | null | undefined {
    return this.headers.findLast((h) => h.key === name)?.value
  }

  /** Key and value in bytes. */
  get size(): number {
    return Math.max(0, this.#keySize) + Math.max(0, this.#valueSize)
  }

  /** The same message in memory of its own. */
  copy(): Message {
    const { topic, partition, leaderEpoch, body } = this.#source
    const start = this.#keySize < 0 ? this.#valueAt : this.#keyAt
    const headersAt = this.#valueAt + Math.max(0, this.#valueSize)
    const { end } = readHeaders(body, headersAt)
    const own = Buffer.from(body.subarray(start, end))
    const source = { topic, partition, leaderEpoch, body: own }
    return new Message(source, this.offset, this.timestampMs, this.#keyAt - start, this.#keySize, this.#valueAt - start, this.#valueSize)
  }

  [inspect](): object {
    const { topic, partition, offset, timestampMs, leaderEpoch, key, value, headers } = this
    return { topic, partition, offset, timestampMs, leaderEpoch, key, value, headers }
  }
}
