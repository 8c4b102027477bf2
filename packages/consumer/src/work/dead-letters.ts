/**
 * Writes the dead letters of one run. A letter counts as written once all replicas in sync have it.
 *
 * Invariant: at most `WRITES_MAX` writes are under way, so that a topic which cannot be written to holds no more
 * memory than that beside the records themselves.
 */
import { createProducer, type Kafka, type Message, type OutgoingMessage, type Producer, type SendResult } from '@tidemark/client'
import { textOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { Turnstile } from '../claims/turnstile.ts'
import { mayPass } from '../failures.ts'
import { type DeadLetter, type DeadLetterFailure, letterOf } from './dead-letter.ts'
import { recordId } from './record-id.ts'

const WRITES_MAX = 64
/** A record is as large as its topic allows; no limit of the producer's own is to keep it from its dead letter. */
const RECORD_BYTES_MAX = 128 * 1024 * 1024
/** Each try is told of, and then repeated: no try takes as long as a producer's sends may otherwise. */
const TRY_MS = 15_000

export interface WrittenLetter {
  readonly message: Message
  readonly to: SendResult
}

/** What of some records was written, in their order; the error says why the next one was not. */
export interface LettersOutcome {
  readonly written: readonly WrittenLetter[]
  readonly error: TidemarkError | undefined
}

export class DeadLetters {
  readonly #kafka: Kafka
  readonly #group: string
  readonly #writes = new Turnstile(WRITES_MAX)
  #own: Producer | undefined

  constructor(kafka: Kafka, group: string) {
    this.#kafka = kafka
    this.#group = group
  }

  /**
   * Never rejects. Resolves once each letter is acknowledged or has failed; those after the first failed one count as
   * failed.
   */
  async write(policy: DeadLetter, claim: Claim, messages: readonly Message[], failure: DeadLetterFailure): Promise<LettersOutcome> {
    await this.#writes.enter(1)
    try {
      if (claim.isDead) return { written: [], error: new TidemarkError('ABORTED', 'the partition is not this member’s any more') }
      return await this.#send(policy, claim, messages, failure)
    } finally {
      this.#writes.leave(1)
    }
  }

  async #send(policy: DeadLetter, claim: Claim, messages: readonly Message[], failure: DeadLetterFailure): Promise<LettersOutcome> {
    const sends = await Promise.allSettled(messages.map((message) => this.#sendOne(policy, claim, message, failure)))
    const written: WrittenLetter[] = []
    for (const [i, send] of sends.entries()) {
      if (send.status === 'rejected') return { written, error: unwritten(policy, messages[i]!, send.reason) }
      written.push({ message: messages[i]!, to: send.value })
    }
    return { written, error: undefined }
  }

  /** Rejects, and never throws: letters are made of what a user's function returns. */
  async #sendOne(policy: DeadLetter, claim: Claim, message: Message, failure: DeadLetterFailure): Promise<SendResult> {
    const letter: OutgoingMessage = letterOf(message, failure, recordId(claim, message), this.#group, policy)
    return await this.#producerOf(policy).send(policy.topic, letter)
  }

  #producerOf({ producer }: DeadLetter): Producer {
    if (producer !== undefined) return producer
    this.#own ??= createProducer(this.#kafka, {
      recordBytesMax: RECORD_BYTES_MAX,
      requestBytesMax: RECORD_BYTES_MAX,
      maxBlockMs: TRY_MS,
      deliveryTimeoutMs: TRY_MS,
    })
    return this.#own
  }

  /** The run is over, and no claim is alive: what is under way is of no interest any more. */
  async close(): Promise<void> {
    await this.#own?.close({ timeoutMs: 1 })
  }
}

/** Codes with which a producer gives up for now. */
const AGAIN: ReadonlySet<string> = new Set(['DELIVERY_TIMED_OUT', 'BUFFER_FULL', 'TIMED_OUT'])

/**
 * Whether the letter may be written later. A producer that was closed, a refusal, a record that is too large: never.
 */
export const mayBeWrittenLater = ({ cause }: TidemarkError): boolean =>
  mayPass(cause) || (cause instanceof TidemarkError && AGAIN.has(cause.code))

function unwritten(policy: DeadLetter, { topic, partition, offset }: Message, cause: unknown): TidemarkError {
  const text = `the dead letter of ${topic}-${partition} at offset ${offset} could not be written to topic '${policy.topic}': ${textOf(cause)}`
  return new TidemarkError('DEAD_LETTER_FAILED', text, { topic, partition, offset, cause })
}
