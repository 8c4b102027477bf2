/**
 * A topic as callers name it: a string, or an object with a name that also knows how to write and read keys and values.
 */
import { checkName, checkOptions, describe, TidemarkError } from '@tidemark/platform'
import { bytes } from './codecs.ts'

export type Bytes = string | Uint8Array

export interface Encoder<T> {
  encode(value: T): Bytes | null
}

export interface Decoder<T> {
  /** Throws, or rejects, if the bytes are not a `T`. */
  decode(bytes: Buffer | null): T | Promise<T>
}

/** How a key or a value is written and read. */
export interface Codec<In, Out = In> extends Encoder<In>, Decoder<Out> {}

export interface TypedTopic<K = unknown, V = unknown> {
  readonly name: string
  readonly key?: Encoder<K>
  readonly value?: Encoder<V>
}

/** A topic whose records can be read as what they mean. A record without a key has the key null. */
export interface ReadableTopic<K = unknown, V = unknown> {
  readonly name: string
  readonly key: Decoder<K>
  readonly value: Decoder<V>
}

/** For producers and consumers alike; made by `topic()`. */
export interface Topic<KeyIn, ValueIn, KeyOut = KeyIn, ValueOut = ValueIn>
  extends TypedTopic<KeyIn, ValueIn>,
    ReadableTopic<KeyOut, ValueOut> {
  readonly key: Codec<KeyIn, KeyOut>
  readonly value: Codec<ValueIn, ValueOut>
}

export interface TopicCodecs<KeyIn, ValueIn, KeyOut, ValueOut> {
  /** How keys are written and read. Default: `bytes()`. */
  readonly key?: Codec<KeyIn, KeyOut>
  /** How values are written and read. Default: `bytes()`. */
  readonly value?: Codec<ValueIn, ValueOut>
}

/**
 * A topic that knows how its keys and values are written: `send` takes what it means, handlers are given it.
 *
 * ```ts
 * const orders = topic('orders', { key: text(), value: json(Order) })
 * await producer.send(orders, { key: 'a', value: { id: 1, total: 9.5 } })
 * consumer.each(orders, async (message) => message.value.total)
 * ```
 * Throws `TidemarkError` INVALID_ARGUMENT, INVALID_OPTION.
 */
export function topic<KeyIn = Bytes, ValueIn = Bytes, KeyOut = Buffer, ValueOut = Buffer>(
  name: string,
  codecs: TopicCodecs<KeyIn, ValueIn, KeyOut, ValueOut> = {},
): Topic<KeyIn, ValueIn, KeyOut, ValueOut> {
  checkOptions<TopicCodecs<KeyIn, ValueIn, KeyOut, ValueOut>>('topic()', codecs, { key: true, value: true })
  const { key = bytes(), value = bytes() } = codecs
  return {
    name: checkName('the name of the topic', name),
    key: codecOption('key', key) as Codec<KeyIn, KeyOut>,
    value: codecOption('value', value) as Codec<ValueIn, ValueOut>,
  }
}

function codecOption(name: string, codec: unknown): unknown {
  const { encode, decode } = Object(codec) as { encode?: unknown; decode?: unknown }
  if (typeof encode === 'function' && typeof decode === 'function') return codec
  const text = `option '${name}' of topic() is ${describe(codec)}; it must be a codec such as text() or json(schema), with encode and decode`
  throw new TidemarkError('INVALID_OPTION', text)
}

export type TopicName = string | { readonly name: string }

/** Throws `TidemarkError` INVALID_ARGUMENT. */
export const nameOf = (topic: TopicName): string =>
  checkName('the name of the topic', typeof topic === 'object' && topic !== null && 'name' in topic ? topic.name : topic)
