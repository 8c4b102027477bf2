/**
 * Records of typed topics: what handlers are given instead of bytes, and what becomes of a record that does not decode.
 */
import type { ReadableTopic, ReceivedMessage } from '@tidemark/client'
import { textOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import type { BatchContext } from './context.ts'
import type { BatchHandler, EachHandler, MessageBatch } from './work.ts'

/** A message whose key and value were read as the topic says; `raw` is the message as it came. */
export interface TypedMessage<K, V> extends Omit<ReceivedMessage, 'key' | 'value' | 'copy' | 'toJSON'> {
  /** Null: the record has no key. */
  readonly key: K | null
  readonly value: V
  readonly raw: ReceivedMessage
}

/** Consecutive records of one partition, decoded; iterating gives its messages. */
export interface TypedBatch<K, V> extends Iterable<TypedMessage<K, V>> {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly TypedMessage<K, V>[]
  /** As that of `MessageBatch`. */
  failedAt(index: number, error: unknown): void
}

/**
 * A record cannot be read as its topic says: `cause` is what the decoder threw (`SchemaMismatch` has `issues`), and
 * `raw` is the record with its bytes. Another attempt would find the same bytes: there is none.
 */
export class DecodeError extends TidemarkError {
  readonly part: 'key' | 'value'
  readonly raw: ReceivedMessage

  constructor(part: 'key' | 'value', raw: ReceivedMessage, cause: unknown) {
    const { topic, partition, offset } = raw
    const text = `the ${part} of ${topic}-${partition} at offset ${offset} cannot be decoded: ${textOf(cause)}`
    super('DECODE_FAILED', text, { topic, partition, offset, cause })
    this.part = part
    this.raw = raw
  }
}

type Decoded = TypedMessage<unknown, unknown>

/** The handler as it is called with the bytes. Asynchronous only if a decoder is. */
export function decodingEach(readable: ReadonlyMap<string, ReadableTopic>, handler: EachHandler): EachHandler {
  if (readable.size === 0) return handler
  const typed = handler as unknown as (message: Decoded, context: unknown) => unknown
  return (message, context) => {
    const topic = readable.get(message.topic)
    if (topic === undefined) return handler(message, context)
    const decoded = decode(topic, message)
    return decoded instanceof Promise ? decoded.then((d) => typed(d, context)) : typed(decoded, context)
  }
}

/**
 * The same for batches. A record that does not decode fails alone: those before it are handled, and those after it come
 * in another batch. `isWhole`: the batch is one transaction, and fails as a whole.
 */
export function decodingBatches(readable: ReadonlyMap<string, ReadableTopic>, handler: BatchHandler, isWhole: boolean): BatchHandler {
  if (readable.size === 0) return handler
  const typed = handler as unknown as (batch: TypedBatch<unknown, unknown>, context: BatchContext) => unknown
  const handlePrefix = async (batch: MessageBatch, messages: readonly Decoded[], error: DecodeError, context: BatchContext) => {
    if (messages.length > 0) await typed(typedBatch(batch, messages), context)
    batch.failedAt(messages.length, error) // only now: if the handler throws, none of them is done
  }
  return (batch, context) => {
    const topic = readable.get(batch.topic)
    if (topic === undefined) return handler(batch, context)
    const give = (results: readonly (Decoded | DecodeError)[]): unknown => {
      const bad = results.findIndex((result) => result instanceof DecodeError)
      if (bad < 0) return typed(typedBatch(batch, results as Decoded[]), context)
      if (isWhole) throw results[bad]
      return handlePrefix(batch, results.slice(0, bad) as Decoded[], results[bad] as DecodeError, context)
    }
    const results = batch.messages.map((message) => decodeOrError(topic, message))
    return results.some((r) => r instanceof Promise) ? Promise.all(results).then(give) : give(results as (Decoded | DecodeError)[])
  }
}

function decodeOrError(topic: ReadableTopic, raw: ReceivedMessage): Decoded | DecodeError | Promise<Decoded | DecodeError> {
  const caught = (error: unknown): DecodeError => {
    if (error instanceof DecodeError) return error
    throw error
  }
  try {
    const decoded = decode(topic, raw)
    return decoded instanceof Promise ? decoded.catch(caught) : decoded
  } catch (error) {
    return caught(error)
  }
}

function typedBatch(batch: MessageBatch, messages: readonly Decoded[]): TypedBatch<unknown, unknown> {
  const frozen = Object.freeze([...messages])
  return { ...batch, messages: frozen, [Symbol.iterator]: () => frozen[Symbol.iterator]() }
}

function decode(topic: ReadableTopic, raw: ReceivedMessage): Decoded | Promise<Decoded> {
  const key = raw.key === null ? null : part('key', topic, raw)
  const value = part('value', topic, raw)
  if (key instanceof Promise || value instanceof Promise) {
    return Promise.all([key, value]).then(([k, v]) => typedMessage(raw, k, v))
  }
  return typedMessage(raw, key, value)
}

function part(name: 'key' | 'value', topic: ReadableTopic, raw: ReceivedMessage): unknown {
  const failed = (cause: unknown): never => {
    throw new DecodeError(name, raw, cause)
  }
  try {
    const result = topic[name].decode(raw[name])
    return result instanceof Promise ? result.catch(failed) : result
  } catch (cause) {
    return failed(cause)
  }
}

function typedMessage(raw: ReceivedMessage, key: unknown, value: unknown): Decoded {
  const { topic, partition, offset, timestampMs, headers, leaderEpoch } = raw
  return { topic, partition, offset, timestampMs, key, value, headers, leaderEpoch, raw, header: (name) => raw.header(name) }
}
