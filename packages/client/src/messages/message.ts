/**
 * One record as its reader sees it: a plain object with eight data properties, so that spread, `JSON.stringify` and
 * `structuredClone` work.
 *
 * Key, value and header values are views on the memory of the response (or of the decompressed batch) that the record
 * came in. That memory is never reused, so a message stays valid for as long as it is kept; but it keeps the whole
 * response in memory, until `copy` (another message) or `detach` (the same one) gives it memory of its own.
 */
import type { Header } from '@tidemark/protocol'
import type { Offset } from './offset.ts'

/** What a handler needs of a message. A plain object will do in a unit test: the methods are optional here. */
export interface Message {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970, by the producer's clock or by the broker's (`message.timestamp.type`). */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In their order; a name may come twice. */
  readonly headers: readonly Header[]
  /** The epoch of the leader that appended it; -1: not known. */
  readonly leaderEpoch: number
  /** The value of the last header with this name, as Kafka's `lastHeader`; undefined: there is none. */
  header?(name: string): Uint8Array | null | undefined
  /** The same message in memory of its own. */
  copy?(): Message
  /** Bytes as text where they are UTF-8, else `{ base64: '…' }`. */
  toJSON?(): object
}

/** A message as `read` and consumers hand it out. */
export interface ReceivedMessage extends Message {
  readonly offset: Offset
  header(name: string): Uint8Array | null | undefined
  copy(): ReceivedMessage
  toJSON(): MessageJson
}

export interface MessageJson extends Omit<Message, 'key' | 'value' | 'headers' | 'header' | 'copy' | 'toJSON'> {
  readonly key: BytesJson | null
  readonly value: BytesJson | null
  readonly headers: readonly { readonly key: string; readonly value: BytesJson | null }[]
}

/** What all records of one batch have in common. */
export interface MessageOrigin {
  readonly topic: string
  readonly partition: number
  readonly leaderEpoch: number
}

/** Shared by all messages without headers. */
export const NO_HEADERS: readonly Header[] = Object.freeze([])

type Writable<T> = { -readonly [K in keyof T]: T[K] }

export class FetchedMessage implements ReceivedMessage {
  readonly topic: string
  readonly partition: number
  readonly offset: Offset
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly Header[]
  readonly leaderEpoch: number
  /** Whether key, value and headers are in memory of the message's own. */
  #isDetached = false

  constructor(
    origin: MessageOrigin,
    offset: number,
    timestampMs: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: readonly Header[],
  ) {
    this.topic = origin.topic
    this.partition = origin.partition
    this.offset = offset as Offset
    this.timestampMs = timestampMs
    this.key = key
    this.value = value
    this.headers = headers
    this.leaderEpoch = origin.leaderEpoch
  }

  header(name: string): Uint8Array | null | undefined {
    return this.headers.findLast((h) => h.key === name)?.value
  }

  /** Key, value and headers in bytes: what `detach` allocates. */
  get size(): number {
    let bytes = (this.key?.length ?? 0) + (this.value?.length ?? 0)
    for (const { value } of this.headers) bytes += value?.length ?? 0
    return bytes
  }

  /**
   * Copies key, value and headers into memory of the message's own, in place, and returns how many bytes that is. A
   * second call copies nothing. Views that were read before go on to show the response's memory.
   */
  detach(): number {
    const { size } = this
    if (this.#isDetached) return size
    this.#isDetached = true
    const own = Buffer.allocUnsafe(size)
    let at = 0
    const moved = (bytes: Uint8Array): Buffer => {
      own.set(bytes, at)
      at += bytes.length
      return own.subarray(at - bytes.length, at)
    }
    const self = this as Writable<this>
    if (this.key !== null) self.key = moved(this.key)
    if (this.value !== null) self.value = moved(this.value)
    if (this.headers.length > 0) self.headers = this.headers.map(({ key, value }) => ({ key, value: value && moved(value) }))
    return size
  }

  copy(): FetchedMessage {
    const copy = new FetchedMessage(this, this.offset, this.timestampMs, this.key, this.value, this.headers)
    copy.detach()
    return copy
  }

  toJSON(): MessageJson {
    const { topic, partition, offset, timestampMs, leaderEpoch } = this
    const headers = this.headers.map((h) => ({ key: h.key, value: h.value && textOrBase64(h.value) }))
    const [key, value] = [this.key && textOrBase64(this.key), this.value && textOrBase64(this.value)]
    return { topic, partition, offset, timestampMs, key, value, headers, leaderEpoch }
  }
}

export type BytesJson = string | { readonly base64: string }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes as JSON can carry them without loss: text where they are UTF-8, else base64. */
export function textOrBase64(bytes: Uint8Array): BytesJson {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error // what TextDecoder throws for bytes that are not UTF-8
    return { base64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64') }
  }
}
