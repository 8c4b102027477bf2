/** What a consumer tells of itself while it runs: a union that can be switched over, read from an async iterable. */
import type { EndReason } from './state/claims.ts'

interface Place {
  readonly topic: string
  readonly partition: number
}

export type ConsumerEvent =
  | { readonly kind: 'joined'; readonly generation: number; readonly memberId: string }
  | ({ readonly kind: 'assigned'; readonly position: number; readonly committed: number | undefined } & Place)
  | ({ readonly kind: 'ended'; readonly reason: EndReason } & Place)
  | ({ readonly kind: 'committed'; readonly offset: number } & Place)
  | ({ readonly kind: 'commitRefused'; readonly offset: number; readonly error: string } & Place)
  | ({
      readonly kind: 'retrying'
      readonly offset: number
      readonly attempt: number
      readonly delayMs: number
      readonly error: unknown
    } & Place)
  | ({ readonly kind: 'skipped'; readonly offset: number; readonly why: unknown } & Place)
  | ({ readonly kind: 'stopped'; readonly offset: number; readonly error: unknown } & Place)
  | ({ readonly kind: 'outOfRange'; readonly offset: number; readonly movedTo: number | undefined } & Place)
  /** Nobody read the events fast enough; so many were left out here. */
  | { readonly kind: 'eventsDropped'; readonly count: number }

/** Events that wait for a reader. */
const WAITING_MAX = 10_000

export class EventStream implements AsyncIterable<ConsumerEvent> {
  #waiting: ConsumerEvent[] = []
  #dropped = 0
  #readers = 0
  #wake: (() => void) | undefined
  #closed = false

  /** Whether anybody listens: without a reader nothing is kept. */
  get wanted(): boolean {
    return this.#readers > 0
  }

  emit(event: ConsumerEvent): void {
    if (!this.wanted) return
    if (this.#waiting.length >= WAITING_MAX) this.#dropped++
    else this.#waiting.push(event)
    this.#wake?.()
  }

  close(): void {
    this.#closed = true
    this.#wake?.()
  }

  /** Events from now on; ends when the consumer has. One reader at a time. */
  async *#read(): AsyncGenerator<ConsumerEvent> {
    try {
      for (;;) {
        const batch = this.#waiting.splice(0)
        yield* batch
        if (this.#dropped > 0) {
          const count = this.#dropped
          this.#dropped = 0
          yield { kind: 'eventsDropped', count }
        }
        if (this.#waiting.length > 0) continue
        if (this.#closed) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    } finally {
      this.#readers--
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<ConsumerEvent> {
    this.#readers++
    return this.#read()
  }
}
