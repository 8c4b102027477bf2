/** Messages as callers write them, to records as they are written. */
import { TidemarkError } from '@tidemark/platform'
import type { Header, RecordToWrite } from '@tidemark/protocol'
import type { TopicName, TypedTopic } from '../messages/topic.ts'
import type { OutgoingMessage } from './types.ts'

export interface OutgoingRecord extends RecordToWrite {
  /** As the caller chose; undefined: the partitioner chooses. */
  readonly partition: number | undefined
}

/** Throws `TidemarkError` INVALID_MESSAGE for what is neither bytes, text nor null. */
export function toRecord(topic: TopicName, message: OutgoingMessage<unknown, unknown>, nowMs: number): OutgoingRecord {
  const { key: keyEncoder, value: valueEncoder } = typeof topic === 'string' ? {} : (topic as TypedTopic)
  const key = bytesOf(topic, 'key', keyEncoder === undefined || message.key == null ? message.key : keyEncoder.encode(message.key))
  const value = bytesOf(
    topic,
    'value',
    valueEncoder === undefined || message.value === null ? message.value : valueEncoder.encode(message.value),
  )
  const timestampMs = message.timestampMs ?? nowMs
  if (!Number.isSafeInteger(timestampMs)) throw invalid(topic, `timestampMs is ${timestampMs}; it is a whole number of milliseconds`)
  const { partition, headers } = message
  if (headers === undefined) return { key, value, timestampMs, partition }
  return { key, value, timestampMs, partition, headers: headersOf(topic, headers) }
}

function headersOf(topic: TopicName, headers: NonNullable<OutgoingMessage['headers']>): readonly Header[] {
  if (Array.isArray(headers)) return headers
  return Object.entries(headers).map(([key, value]) => ({ key, value: bytesOf(topic, `header '${key}'`, value) }))
}

function bytesOf(topic: TopicName, what: string, value: unknown): Uint8Array | null {
  if (value === null || value === undefined) {
    if (value === undefined && what === 'value') throw invalid(topic, 'it has no value; a tombstone has the value null')
    return null
  }
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array) return value
  throw invalid(topic, `its ${what} is ${typeof value}; it is a string, a Uint8Array or null`)
}

function invalid(topic: TopicName, why: string): TidemarkError {
  const name = typeof topic === 'string' ? topic : topic.name
  return new TidemarkError('INVALID_MESSAGE', `a message for topic '${name}' cannot be sent: ${why}`, { topic: name })
}
