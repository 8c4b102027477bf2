/** A topic as callers name it: a string, or an object with a name that also knows how to write keys and values. */
import { checkName } from '@tidemark/platform'

export type Bytes = string | Uint8Array

export interface Encoder<T> {
  encode(value: T): Bytes | null
}

export interface TypedTopic<K = unknown, V = unknown> {
  readonly name: string
  readonly key?: Encoder<K>
  readonly value?: Encoder<V>
}

export type TopicName = string | { readonly name: string }

/** Throws `TidemarkError` INVALID_ARGUMENT. */
export const nameOf = (topic: TopicName): string =>
  checkName('the name of the topic', typeof topic === 'object' && topic !== null ? topic.name : topic)
