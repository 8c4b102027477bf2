/**
 * The dead letter: what becomes of a record that cannot be handled. It has the record's key, value and headers, and
 * headers that say where the record came from, and why it is here.
 */
import type { Message, OutgoingMessage, Producer } from '@tidemark/client'
import { textOf } from '@tidemark/client/internal'
import { checkFunction, checkName, checkOptions, type Delays, delaysOption, describe, TidemarkError } from '@tidemark/platform'
import { carriedId, ID_HEADER } from './record-id.ts'

type AddedHeaders = Readonly<Record<string, string | Uint8Array | null>>

export interface DeadLetterOptions {
  /**
   * Writes the dead letters, and is left open. Default: one of the consumer's own, idempotent and with `acks: 'all'`,
   * which is made when the first dead letter is due and closed with the run.
   */
  readonly producer?: Producer
  /**
   * Headers to add. One with a name that the dead letter has anyway replaces it, except those that begin with
   * `tidemark-`.
   */
  readonly headers?: (message: Message, failure: DeadLetterFailure) => AddedHeaders
  /** The pause after a dead letter could not be written; it doubles from try to try. Default: 200. */
  readonly delayMs?: number
  /** The longest pause. Default: 30,000. */
  readonly delayMaxMs?: number
}

/** Why a record is a dead letter: its attempts were exhausted, its handler said so, or it killed its process. */
export type DeadLetterCause = 'exhausted' | 'handler' | 'killed the process'

export interface DeadLetterFailure {
  readonly cause: DeadLetterCause
  /** How often the record was tried. */
  readonly attempts: number
  /** What the handler threw, or gave to `context.deadLetter`. */
  readonly why: unknown
}

/** What the headers of a dead letter say. */
export interface DeadLetterOrigin {
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  /** The group whose consumer could not handle it. */
  readonly group: string
  readonly cause: DeadLetterCause
  readonly attempts: number
  readonly errorName: string | undefined
  readonly errorMessage: string
}

/** Says where records go whose attempts are exhausted. Made by `deadLetter()`. */
export class DeadLetter {
  readonly topic: string
  readonly producer: Producer | undefined
  readonly headers: DeadLetterOptions['headers']
  readonly delays: Delays

  constructor(topic: string, options: DeadLetterOptions) {
    checkOptions<DeadLetterOptions>('deadLetter()', options, { producer: true, headers: true, delayMs: true, delayMaxMs: true })
    const { producer, headers } = options
    if (headers !== undefined) checkFunction("option 'headers'", headers)
    this.topic = checkName('the dead-letter topic', topic)
    this.producer = producerOption(producer)
    this.headers = headers
    this.delays = delaysOption('', options, { delayMs: 200, delayMaxMs: 30_000 })
  }
}

/** Throws `TidemarkError` INVALID_OPTION. */
export function producerOption(given: Producer | undefined): Producer | undefined {
  if (given === undefined || typeof given?.send === 'function') return given
  throw new TidemarkError('INVALID_OPTION', `option 'producer' is ${describe(given)}; it must be what createProducer() returned`)
}

/**
 * For the option `exhausted`: a record whose attempts are exhausted is written to this topic, and counts as done once
 * that is acknowledged. Records of one key go to one partition, in the order in which they failed. Throws
 * `TidemarkError` INVALID_OPTION or INVALID_ARGUMENT.
 *
 * ```ts
 * consumer.each('orders', { order: 'key', exhausted: deadLetter('orders.dead') }, handler)
 * ```
 */
export const deadLetter = (topic: string, options: DeadLetterOptions = {}): DeadLetter => new DeadLetter(topic, options)

const PREFIX = 'tidemark-'
const GROUP = 'tidemark-group'
const TOPIC = 'tidemark-origin-topic'
const PARTITION = 'tidemark-origin-partition'
const OFFSET = 'tidemark-origin-offset'
const TIMESTAMP = 'tidemark-origin-timestamp'
const CAUSE = 'tidemark-cause'
const ATTEMPTS = 'tidemark-attempts'
const ERROR_NAME = 'tidemark-error-name'
const ERROR_MESSAGE = 'tidemark-error-message'
const CAUSES: readonly string[] = ['exhausted', 'handler', 'killed the process'] satisfies DeadLetterCause[]

/** Text of an error, in a header. */
const ERROR_CHARACTERS_MAX = 1_000

type OutgoingHeaders = readonly { readonly key: string; readonly value: string | Uint8Array | null }[]

function headersAdded({ headers }: DeadLetter, message: Message, failure: DeadLetterFailure): AddedHeaders {
  const added: unknown = headers?.(message, failure) ?? {}
  const isPromise = typeof (added as Partial<PromiseLike<unknown>>).then === 'function'
  if (typeof added === 'object' && !Array.isArray(added) && !isPromise) return added as AddedHeaders
  const text = `option 'headers' of deadLetter() returned ${isPromise ? 'a promise' : describe(added)}; it must return an object of headers, at once`
  throw new TidemarkError('INVALID_ARGUMENT', text)
}

/** The dead letter of a record. */
export function letterOf(message: Message, failure: DeadLetterFailure, id: string, group: string, policy: DeadLetter): OutgoingMessage {
  const { why } = failure
  const errorName = why instanceof Error ? why.name : undefined
  const ours: Record<string, string> = {
    [ID_HEADER]: id,
    [GROUP]: group,
    [TOPIC]: message.topic,
    [PARTITION]: String(message.partition),
    [OFFSET]: String(message.offset),
    [TIMESTAMP]: String(message.timestampMs),
    [CAUSE]: failure.cause,
    [ATTEMPTS]: String(failure.attempts),
    ...(errorName !== undefined && { [ERROR_NAME]: errorName.slice(0, ERROR_CHARACTERS_MAX) }),
    [ERROR_MESSAGE]: textOf(why).slice(0, ERROR_CHARACTERS_MAX),
  }
  const added = Object.entries(headersAdded(policy, message, failure)).filter(([key]) => !key.startsWith(PREFIX))
  const replaced = new Set(added.map(([key]) => key))
  const kept = message.headers.filter(({ key }) => !key.startsWith(PREFIX) && !replaced.has(key))
  const headers = [...kept, ...[...added, ...Object.entries(ours)].map(([key, value]) => ({ key, value }))]
  return { key: message.key, value: message.value, headers }
}

/** Where a dead letter came from, and why; undefined: the message is not a dead letter of this library. */
export function deadLetterOrigin(message: Message): DeadLetterOrigin | undefined {
  if (!Array.isArray((message as Partial<Message> | null | undefined)?.headers)) {
    throw new TidemarkError('INVALID_ARGUMENT', `the message is ${describe(message)}; it must be one that was received`)
  }
  const text = (name: string): string | undefined => {
    const value = message.headers.findLast((h) => h.key === name)?.value
    return value == null ? undefined : Buffer.from(value).toString()
  }
  const id = carriedId(message)
  const [topic, group, cause] = [text(TOPIC), text(GROUP), text(CAUSE)]
  const [partition, offset, timestampMs, attempts] = [PARTITION, OFFSET, TIMESTAMP, ATTEMPTS].map((name) => Number(text(name) ?? 'none'))
  const numbers = [partition, offset, timestampMs, attempts]
  if (id === undefined || !topic || group === undefined || !numbers.every(Number.isSafeInteger)) return undefined
  if (cause === undefined || !CAUSES.includes(cause)) return undefined
  return {
    id,
    topic,
    partition: partition!,
    offset: offset!,
    timestampMs: timestampMs!,
    group,
    cause: cause as DeadLetterCause,
    attempts: attempts!,
    errorName: text(ERROR_NAME),
    errorMessage: text(ERROR_MESSAGE) ?? '',
  }
}

/** The headers of a record that is put back: its own, and its name. */
export function headersPutBack(message: Message): OutgoingHeaders {
  const id = carriedId(message)
  const own = message.headers.filter(({ key }) => !key.startsWith(PREFIX))
  return id === undefined ? own : [...own, { key: ID_HEADER, value: id }]
}
