/**
 * The batches of one partition that wait or are in flight, and the order in which they may be sent. No I/O, no clock.
 *
 * ```
 *   waiting (the last one may still grow) ──► in flight ──► acknowledged
 *                                     ▲           │
 *                                  retries ◄──────┘ failed, may be tried again
 * ```
 * Invariant: batches go out in the order of their sequence numbers. What failed goes again before anything new, never
 * past one that is still in flight, and never to another node while one is: a broker that sees a gap refuses what
 * follows it. A broker that does not know the producer (yet, or any more) sees no gap: it takes whatever sequence
 * number comes first. So after a beginning, and after each failure, one batch goes alone, until it is acknowledged.
 * Without idempotence no broker sees gaps, and there is never more than one batch in flight.
 */
import { isSequenceBefore, type ProduceBatch, type ProducerIdentity, sequenceAfter } from './batch.ts'

/**
 * A broker remembers so many batches of a producer and partition; a repeated older one could not be told from a new
 * one.
 */
const IN_FLIGHT_MAX = 5

export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  readonly waiting: ProduceBatch[] = []
  readonly retries: ProduceBatch[] = []
  readonly inFlight: ProduceBatch[] = []
  notBeforeMs = 0
  failures = 0
  /** The size of the last batches: the likely size of the next one. */
  bytesExpected = 1024
  /** Whether the partition has taken records of this producer. */
  hasTaken = false
  #inFlightNode = -1
  #identity: ProducerIdentity | undefined
  #nextSequence = 0
  #isGap = false
  /** The leader has acknowledged what came before: it refuses what does not follow. */
  #isKnown = false

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** The batch that takes the next record, if it may still grow. */
  get open(): ProduceBatch | undefined {
    const last = this.waiting.at(-1)
    return last === undefined || last.isBuilt ? undefined : last
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.retries.length === 0
  }

  /** The batch to send next, if one may be sent to this node now. */
  candidate(nodeId: number, idempotent: boolean): ProduceBatch | undefined {
    const inFlight = this.inFlight.length
    const alone = !idempotent || !this.#isKnown || this.#isGap || nodeId !== this.#inFlightNode
    if (inFlight >= (alone ? 1 : IN_FLIGHT_MAX)) return undefined
    const retry = this.retries[0]
    if (retry === undefined) return this.waiting[0]
    return inFlight === 0 || isSequenceBefore(this.inFlight[inFlight - 1]!.baseSequence, retry.baseSequence) ? retry : undefined
  }

  /** Whether `candidate` has to be numbered anew first: its broker misses what came before it. */
  get mustRenumber(): boolean {
    return this.#isGap && this.inFlight.length === 0
  }

  get identity(): ProducerIdentity | undefined {
    return this.#identity
  }

  /**
   * Whether the partition's numbers go on under the present identity, or begin anew when everything in flight is
   * settled.
   */
  isSettledUnder(identity: ProducerIdentity): boolean {
    return this.#identity === identity || (this.inFlight.length === 0 && this.retries.length === 0)
  }

  /** A definite answer said that what comes before `batch` is missing, though nothing of it is in flight any more. */
  foundGap(): void {
    this.#isGap = true
  }

  /**
   * Begins at sequence 0 under `identity`, with the batches that are to be tried again. Only while nothing is in
   * flight.
   */
  beginUnder(identity: ProducerIdentity): void {
    this.#identity = identity
    this.#nextSequence = 0
    this.#isGap = false
    this.#isKnown = false
    for (const batch of this.retries) {
      batch.renumber(identity, this.#nextSequence)
      this.#nextSequence = sequenceAfter(this.#nextSequence, batch.count)
    }
  }

  /** Moves `candidate` into flight, with a sequence number if it is its first time. */
  launch(batch: ProduceBatch, nodeId: number): void {
    if (batch === this.retries[0]) this.retries.shift()
    else {
      this.waiting.shift()
      if (this.#identity !== undefined) {
        batch.identity = this.#identity
        batch.baseSequence = this.#nextSequence
        this.#nextSequence = sequenceAfter(this.#nextSequence, batch.count)
      }
    }
    batch.attempts++
    this.#inFlightNode = nodeId
    this.inFlight.push(batch)
  }

  /** The batch's request is over, answered or not. */
  landed(batch: ProduceBatch): void {
    this.inFlight.splice(this.inFlight.indexOf(batch), 1)
  }

  /**
   * No batch with a lower sequence number is in flight or waits for a retry. Call it after `landed` and before
   * `again`.
   */
  isFirst(batch: ProduceBatch): boolean {
    const isBefore = (other: ProduceBatch): boolean => isSequenceBefore(other.baseSequence, batch.baseSequence)
    return !this.inFlight.some(isBefore) && !this.retries.some(isBefore)
  }

  acknowledged(batch: ProduceBatch): void {
    this.landed(batch)
    this.hasTaken = true
    this.#isKnown = true
    this.failures = 0
  }

  /** To be tried again, in its place. */
  again(...batches: ProduceBatch[]): void {
    this.#isKnown = false
    this.retries.unshift(...batches)
    if (this.#identity !== undefined) this.retries.sort((a, b) => (isSequenceBefore(a.baseSequence, b.baseSequence) ? -1 : 1))
  }

  /** The batch is not in the log and never will be: if nothing was numbered after it, its numbers are free again. */
  withdraw(batch: ProduceBatch): void {
    const isLast = batch.identity === this.#identity && sequenceAfter(batch.baseSequence, batch.count) === this.#nextSequence
    if (isLast && this.inFlight.length === 0 && this.retries.length === 0) this.#nextSequence = batch.baseSequence
  }
}
