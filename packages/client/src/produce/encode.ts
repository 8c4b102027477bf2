/**
 * Messages as callers write them, to records as they are written. Everything a caller can get wrong is found here,
 * before any state changes.
 */
import { describe, TidemarkError } from '@tidemark/platform'
import type { Header, RecordToWrite } from '@tidemark/protocol'
import { textOf } from '../diagnostics.ts'
import { type Encoder, nameOf, type TopicName, type TypedTopic } from '../messages/topic.ts'
import type { OutgoingMessage } from './types.ts'

export interface OutgoingRecord extends RecordToWrite {
  /** As the caller chose; undefined: the partitioner chooses. */
  readonly partition: number | undefined
}

const PARTITION_MAX = 2 ** 31 - 1

/**
 * Throws `TidemarkError` INVALID_MESSAGE; what a topic's encoder threw is its cause. The record's bytes are still the
 * caller's: `ownCopy`.
 */
export function toRecord(topic: TopicName, message: OutgoingMessage<unknown, unknown>, nowMs: number): OutgoingRecord {
  if (typeof message !== 'object' || message === null) throw invalid(topic, `it is ${describe(message)}; it must be an object with a value`)
  const { key: keyEncoder, value: valueEncoder } = typeof topic === 'string' ? {} : (topic as TypedTopic)
  const key = message.key == null ? message.key : encoded(topic, 'key', keyEncoder, message.key)
  const value = message.value === null ? null : encoded(topic, 'value', valueEncoder, message.value)
  if (value === undefined) throw invalid(topic, 'it has no value; a tombstone has the value null')
  const { partition, headers, timestampMs = nowMs } = message
  if (!Number.isSafeInteger(timestampMs) || timestampMs < 0) {
    throw invalid(topic, `its timestampMs is ${describe(timestampMs)}; it must be a whole number of milliseconds since 1970`)
  }
  if (partition !== undefined && !(Number.isInteger(partition) && partition >= 0 && partition <= PARTITION_MAX)) {
    throw invalid(topic, `its partition is ${describe(partition)}; it must be a whole number of 0 or more`)
  }
  const record = { key: bytesOf(topic, 'key', key ?? null), value: bytesOf(topic, 'value', value), timestampMs, partition }
  return headers === undefined ? record : { ...record, headers: headersOf(topic, headers) }
}

function encoded(topic: TopicName, part: 'key' | 'value', encoder: Encoder<unknown> | undefined, value: unknown): unknown {
  if (encoder === undefined || value === undefined) return value
  try {
    return encoder.encode(value)
  } catch (cause) {
    throw invalid(topic, `its ${part} cannot be encoded: ${textOf(cause)}`, cause)
  }
}

/** The same record with bytes that its caller cannot change. */
export function ownCopy(record: OutgoingRecord): OutgoingRecord {
  const own = { ...record, key: record.key && Buffer.from(record.key), value: record.value && Buffer.from(record.value) }
  if (record.headers === undefined) return own
  return { ...own, headers: record.headers.map(({ key, value }) => ({ key, value: value && Buffer.from(value) })) }
}

function headersOf(topic: TopicName, headers: unknown): readonly Header[] {
  if (Array.isArray(headers)) return Array.from(headers).map((header, i) => headerOf(topic, header, i))
  if (!isPlainObject(headers)) {
    throw invalid(topic, `its headers are ${describe(headers)}; they must be an object of values by name, or an array of { key, value }`)
  }
  return Object.entries(headers).map(([key, value]) => ({ key, value: bytesOf(topic, `header '${key}'`, value) }))
}

function headerOf(topic: TopicName, header: unknown, i: number): Header {
  if (typeof header !== 'object' || header === null || typeof (header as Header).key !== 'string') {
    throw invalid(topic, `headers[${i}] is ${describe(header)}; it must be { key, value } with a key that is text`)
  }
  const { key, value } = header as Header
  return { key, value: bytesOf(topic, `header '${key}'`, value) }
}

/** Not a Map, nor anything else whose content `Object.entries` does not see. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function bytesOf(topic: TopicName, what: string, value: unknown): Uint8Array | null {
  if (value === null) return null
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array) {
    if ((value.buffer as ArrayBuffer).detached) throw invalid(topic, `the memory of its ${what} was transferred away: copy it first`)
    return value
  }
  throw invalid(topic, `its ${what} is ${describe(value)}; it must be text, a Uint8Array or null`)
}

function invalid(topic: TopicName, why: string, cause?: unknown): TidemarkError {
  const name = nameOf(topic)
  return new TidemarkError('INVALID_MESSAGE', `a message for topic '${name}' cannot be sent: ${why}`, { topic: name, cause })
}
