/**
 * What a state machine decides in one turn: records to write, replies to give, timers to set. Nothing has happened
 * yet when it is handed over; the coordinator writes and applies the records first, arms the timers, and gives the
 * replies once the records are durable.
 */

/** The two clocks, read once a turn: `wallMs` goes into records, `monotonicMs` into timers. */
export interface Moment {
  readonly wallMs: number
  readonly monotonicMs: number
}

/**
 * Names a request that waits for a reply of type T, which may come in a later turn. Each ticket is answered exactly
 * once.
 */
export type Ticket<T> = number & { readonly reply?: T }

export interface Reply {
  readonly ticket: Ticket<unknown>
  readonly body: unknown
}

/** Setting a key again replaces its timer; `at` undefined cancels it. `at` is on the monotonic clock. */
export type TimerChange<Event> =
  | { readonly key: string; readonly at: number; readonly event: Event }
  | { readonly key: string; readonly at: undefined }

/** What one turn of a sweep over all keys writes; the next turn continues there. */
export const SWEPT_RECORDS_MAX = 10_000
export const isFull = ({ records }: Decision<unknown, unknown>): boolean => records.length >= SWEPT_RECORDS_MAX

export class Decision<Record, Event> {
  readonly records: Record[] = []
  readonly replies: Reply[] = []
  readonly timers: TimerChange<Event>[] = []

  /** Takes in what another decision of the same turn has decided. */
  add(other: Decision<Record, Event>): void {
    for (const record of other.records) this.records.push(record)
    for (const reply of other.replies) this.replies.push(reply)
    for (const timer of other.timers) this.timers.push(timer)
  }

  write(record: Record): void {
    this.records.push(record)
  }

  reply<T>(ticket: Ticket<T>, body: T): void {
    this.replies.push({ ticket, body })
  }

  arm(key: string, at: number, event: Event): void {
    this.timers.push({ key, at, event })
  }

  disarm(key: string): void {
    this.timers.push({ key, at: undefined })
  }
}
