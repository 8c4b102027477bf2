/** What a broker's answer to a batch means. Pure. */
import { TidemarkError } from '@tidemark/platform'
import { type ErrorName, errorOf, type ProduceResponse } from '@tidemark/protocol'

export type BatchAnswer = ProduceResponse['responses'][number]['partitionResponses'][number]

export type BatchOutcome =
  | { readonly kind: 'written' }
  /** Two halves may fit where the whole did not. */
  | { readonly kind: 'split' }
  /** The broker misses an earlier batch: wait for that, or start new sequence numbers. */
  | { readonly kind: 'gap' }
  | { readonly kind: 'again'; readonly lookUp: boolean }
  | { readonly kind: 'refused' }

const GAP: ReadonlySet<ErrorName> = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH'])
const TOO_LARGE: ReadonlySet<ErrorName> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])
/** Retriable errors after which the topic need not be looked up. */
const SAME_LEADER: ReadonlySet<ErrorName> = new Set([
  'CORRUPT_MESSAGE',
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'THROTTLING_QUOTA_EXCEEDED',
])

export function outcomeOf(errorCode: number, count: number, idempotent: boolean): BatchOutcome {
  const { name, retriable } = errorOf(errorCode)
  if (errorCode === 0 || name === 'DUPLICATE_SEQUENCE_NUMBER') return { kind: 'written' }
  if (TOO_LARGE.has(name)) return count > 1 ? { kind: 'split' } : { kind: 'refused' }
  if (idempotent && GAP.has(name)) return { kind: 'gap' }
  return retriable ? { kind: 'again', lookUp: !SAME_LEADER.has(name) } : { kind: 'refused' }
}

/** One error for each record of a refused batch: the broker may say which of them it objects to (KIP-467). */
export function refusal(topic: string, partition: number, answer: BatchAnswer): (index: number) => TidemarkError {
  const { name } = errorOf(answer.errorCode)
  const told = answer.errorMessage === null ? '' : ` (${answer.errorMessage})`
  const objections = new Map(answer.recordErrors.map((e) => [e.batchIndex, e.batchIndexErrorMessage ?? 'no reason given']))
  const details = { topic, partition }
  const whole = new TidemarkError(name, `${topic}-${partition} refused a batch: ${name}${told}${hintFor(name)}`, details)
  if (objections.size === 0) return () => whole
  return (index) => {
    const objection = objections.get(index)
    const text =
      objection === undefined
        ? `${topic}-${partition} refused the batch because of another record in it: ${name}${told}`
        : `${topic}-${partition} refused the record: ${objection}`
    return new TidemarkError(name, text, details)
  }
}

function hintFor(name: ErrorName): string {
  if (name === 'MESSAGE_TOO_LARGE') return "; the record is larger than the topic's max.message.bytes"
  if (name === 'TOPIC_AUTHORIZATION_FAILED') return '; this user may not write to it: it needs WRITE on the topic'
  if (name === 'INVALID_RECORD') return '; a compacted topic takes no record without a key'
  return ''
}
