/**
 * One session: from the moment a member has its partitions until they are taken from it. `setup`, then `consumeClaim`
 * for every partition side by side, then `cleanup`.
 *
 * Invariant: a partition is given up only when every `consumeClaim` and `cleanup` have ended, or their time is over.
 */
import type { Message, ReceivedMessage } from '@tidemark/client'
import { checkOffset, checkPartition } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import type { CommitLimits } from '../commit/limits.ts'
import type { ClaimStream } from '../work/by-claim.ts'

export interface ConsumerGroupHandler {
  /** At the beginning of a session, before any `consumeClaim`. */
  setup?(session: ConsumerGroupSession): void | Promise<void>
  /** At the end of a session, when every `consumeClaim` has ended; what it marks is still committed. */
  cleanup?(session: ConsumerGroupSession): void | Promise<void>
  /**
   * Reads one partition until `claim.messages()` ends. If it returns earlier, or throws, the session ends: the member
   * joins again, and what is not marked comes again.
   */
  consumeClaim(session: ConsumerGroupSession, claim: ConsumerGroupClaim): void | Promise<void>
}

export interface ConsumerGroupClaim {
  readonly topic: string
  readonly partition: number
  /** Where the claim begins. */
  readonly initialOffset: number
  /** The end of the log, as far as it was seen with the last messages. */
  highWaterMarkOffset(): number
  /** Ends when the session does. */
  messages(): AsyncIterableIterator<ReceivedMessage, undefined>
}

export interface ConsumerGroupSession {
  /** The partitions, by topic. */
  claims(): Readonly<Record<string, readonly number[]>>
  memberId(): string
  generationId(): number
  /** Aborts when the session ends: Sarama's `session.Context()`. */
  readonly signal: AbortSignal
  /**
   * This message is done, and no other: the committed offset passes it once every earlier one is done too. Nothing is
   * sent yet. In Sarama a mark covers everything before it, so that marking out of order loses what is in work.
   */
  markMessage(message: Pick<Message, 'topic' | 'partition' | 'offset'>): void
  /** Every message below `offset` that was handed out is done. Throws `TidemarkError` INVALID_ARGUMENT. */
  markOffset(topic: string, partition: number, offset: number): void
  /** Resolves once every mark is on record. Rejects with `TidemarkError` COMMIT_FAILED, COMMIT_FENCED, NOT_RUNNING. */
  commit(limits?: Partial<CommitLimits>): Promise<void>
}

/** What a session needs of its group. */
export interface SessionOf {
  readonly memberId: string
  readonly generation: number
  commit(limits: Partial<CommitLimits>): Promise<void>
  consumeClaimFailed(claim: ConsumerGroupClaim, error: unknown): void
  /** Calls of the claim have ended: it may be given up. */
  released(claim: Claim): void
}

export class Session implements ConsumerGroupSession {
  readonly #streams: readonly ClaimStream[]
  readonly #handler: ConsumerGroupHandler
  readonly #of: SessionOf
  readonly #ended = new AbortController()

  constructor(streams: readonly ClaimStream[], handler: ConsumerGroupHandler, of: SessionOf) {
    this.#streams = streams
    this.#handler = handler
    this.#of = of
    for (const { claim } of streams) claim.calls.running++
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  has(claim: Claim): boolean {
    return this.#streams.some((stream) => stream.claim === claim)
  }

  /** Every stream ends. */
  end(): void {
    if (this.#ended.signal.aborted) return
    this.#ended.abort()
    for (const stream of this.#streams) stream.close()
  }

  /** Resolves when the session has ended. Rejects with what `setup` or `cleanup` threw. */
  async run(): Promise<void> {
    try {
      await this.#handler.setup?.(this)
      await Promise.all(this.#streams.map((stream) => this.#consume(stream)))
      await this.#handler.cleanup?.(this)
    } finally {
      this.end()
      for (const stream of this.#streams) {
        stream.forget()
        stream.claim.calls.running--
        this.#of.released(stream.claim)
      }
    }
  }

  async #consume(stream: ClaimStream): Promise<void> {
    const claim = claimOf(stream)
    try {
      await this.#handler.consumeClaim(this, claim)
    } catch (error) {
      this.#of.consumeClaimFailed(claim, error)
    }
    this.end()
  }

  claims(): Record<string, number[]> {
    const claims: Record<string, number[]> = {}
    for (const { claim } of this.#streams) claims[claim.topic] = [...(claims[claim.topic] ?? []), claim.partition].sort((a, b) => a - b)
    return claims
  }

  memberId(): string {
    return this.#of.memberId
  }

  generationId(): number {
    return this.#of.generation
  }

  markMessage({ topic, partition, offset }: Pick<Message, 'topic' | 'partition' | 'offset'>): void {
    this.#stream(topic, partition)?.mark(offset)
  }

  markOffset(topic: string, partition: number, offset: number): void {
    checkPartition('the partition of markOffset()', partition)
    checkOffset('the offset of markOffset()', offset)
    this.#stream(topic, partition)?.markBelow(offset)
  }

  /** A mark for a partition that is gone changes nothing: its messages come again, to the member that has it now. */
  #stream(topic: string, partition: number): ClaimStream | undefined {
    return this.#streams.find(({ claim }) => claim.topic === topic && claim.partition === partition)
  }

  async commit(limits: Partial<CommitLimits> = {}): Promise<void> {
    await this.#of.commit(limits)
  }
}

function claimOf(stream: ClaimStream): ConsumerGroupClaim {
  const { claim } = stream
  const messages: AsyncIterableIterator<ReceivedMessage, undefined> = {
    [Symbol.asyncIterator]: () => messages,
    next: () => stream.next(),
  }
  return {
    topic: claim.topic,
    partition: claim.partition,
    initialOffset: claim.start,
    highWaterMarkOffset: () => claim.highWatermark,
    messages: () => messages,
  }
}
