/** What a consumer tells of itself while it runs: a union that can be switched over, read from async iterables. */
import type { TidemarkError } from '@tidemark/platform'
import type { EndReason } from './claims/claim.ts'
import type { DeadLetterCause } from './work/dead-letter.ts'

interface At {
  readonly topic: string
  readonly partition: number
}

/** This reader was too slow: so many events were left out here. */
export interface EventsDropped {
  readonly kind: 'eventsDropped'
  readonly count: number
}

export type ConsumerEvent =
  /** The member has joined a generation of the group. */
  | { readonly kind: 'joined'; readonly generation: number; readonly memberId: string }
  /**
   * The group gave the member a partition, and work begins at `position`. `committed`: what the group has on record;
   * undefined: nothing.
   */
  | ({ readonly kind: 'assigned'; readonly position: number; readonly committed: number | undefined } & At)
  /**
   * The partition is no longer this member's. `uncommittedFrom`: not all that is done could be committed; the group
   * stays at this offset, and the next owner goes on there. Undefined: everything that may be committed is on record.
   */
  | ({ readonly kind: 'ended'; readonly reason: Exclude<EndReason, 'seek'>; readonly uncommittedFrom: number | undefined } & At)
  /** Reading goes on elsewhere, because `seek` was called. */
  | ({ readonly kind: 'seeked'; readonly from: number; readonly to: number } & At)
  | ({ readonly kind: 'committed'; readonly offset: number } & At)
  | ({ readonly kind: 'commitRefused'; readonly offset: number; readonly error: TidemarkError } & At)
  | ({
      readonly kind: 'retrying'
      readonly offset: number
      readonly attempt: number
      readonly delayMs: number
      readonly error: unknown
    } & At)
  | ({ readonly kind: 'skipped'; readonly offset: number; readonly why: unknown } & At)
  /** The record is in the dead-letter topic, and counts as done. */
  | ({
      readonly kind: 'deadLettered'
      readonly offset: number
      readonly deadLetter: { readonly topic: string; readonly partition: number; readonly offset: number }
      readonly cause: DeadLetterCause
      readonly attempts: number
      readonly why: unknown
    } & At)
  /**
   * A dead letter could not be written, for the `tries`th time: its record is pending, and the commit does not pass
   * it. It is tried again after `delayMs`; undefined: no retry can fix it, and the run ends.
   */
  | ({
      readonly kind: 'deadLetterFailed'
      readonly offset: number
      readonly deadLetterTopic: string
      readonly tries: number
      readonly delayMs: number | undefined
      readonly error: TidemarkError
    } & At)
  /** The record cannot be handled, and its partition stops; the run ends. */
  | ({ readonly kind: 'stopped'; readonly offset: number; readonly error: unknown } & At)
  /**
   * The store says that another member has taken the partition over, or has lost what was committed there: nothing is
   * written for it any more. `ended` follows, and `assigned` if the group finds that it is this member's all the same.
   */
  | ({ readonly kind: 'fenced'; readonly error: TidemarkError } & At)
  /** The position was not in the log, and `outOfRange` says where to go on. */
  | ({ readonly kind: 'outOfRange'; readonly offset: number; readonly movedTo: number } & At)
  /** The log was truncated when its leader changed: reading goes on where the logs agree (KIP-320). */
  | ({ readonly kind: 'truncated'; readonly offset: number; readonly movedTo: number } & At)
  /** A request has failed more than once in a row, and is tried again. */
  | { readonly kind: 'requestFailed'; readonly request: string; readonly attempts: number; readonly error: TidemarkError }
  /**
   * A topic that the consumer reads does not exist, or none matches a pattern (`topic` is its text); it is looked for.
   */
  | { readonly kind: 'topicMissing'; readonly topic: string }
  | EventsDropped

/** Events that wait for one reader. */
const WAITING_MAX = 10_000

class Reader<E> {
  #waiting: E[] = []
  #dropped = 0
  #wake: (() => void) | undefined
  hasLeft = false

  push(event: E): void {
    if (this.#waiting.length >= WAITING_MAX) this.#dropped++
    else this.#waiting.push(event)
    this.wake()
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  take(): (E | EventsDropped)[] {
    const events: (E | EventsDropped)[] = this.#waiting
    this.#waiting = []
    if (this.#dropped > 0) events.push({ kind: 'eventsDropped', count: this.#dropped })
    this.#dropped = 0
    return events
  }

  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}

/** Any number of readers, each of which sees every event from its beginning on; all end with the run. */
export class EventStream<E = ConsumerEvent> implements AsyncIterable<E | EventsDropped> {
  readonly #readers = new Set<Reader<E>>()
  #isClosed = false

  emit(event: E): void {
    for (const reader of this.#readers) reader.push(event)
  }

  close(): void {
    this.#isClosed = true
    for (const reader of this.#readers) reader.wake()
  }

  [Symbol.asyncIterator](): AsyncIterator<E | EventsDropped> {
    const reader = new Reader<E>()
    this.#readers.add(reader)
    const events = this.#read(reader)
    return {
      next: () => events.next(),
      return: () => {
        this.#readers.delete(reader) // a generator whose `next` was never called runs no `finally`
        reader.hasLeft = true // one that waits in `next` ends here, before `return` has its turn
        reader.wake()
        return events.return(undefined)
      },
    }
  }

  async *#read(reader: Reader<E>): AsyncGenerator<E | EventsDropped, undefined> {
    try {
      for (;;) {
        const events = reader.take()
        if (events.length > 0) yield* events
        else if (this.#isClosed || reader.hasLeft) return
        else await reader.changed()
      }
    } finally {
      this.#readers.delete(reader)
    }
  }
}
