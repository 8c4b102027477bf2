/**
 * What the coordinator runtime needs of a pure state machine whose state is a fold over the records of one partition
 * of an internal topic.
 *
 * The state has two layers. The *fold* is changed by `apply` alone, live and when the log is read back: a checkpoint
 * and the records behind it give the same fold as all records. The *live* state lies on top (waiting requests,
 * phases), is changed by decisions, and is made from the fold by `revive`. Both are divided by keys: a decision
 * concerns one key, and one that throws is undone by reviving its key.
 */
import type { RecordToWrite } from '@tidemark/protocol'
import type { Decision, Moment, Ticket } from '../state/decision.ts'
import type { LogPoint } from '../state/log/point.ts'

/** What every decision is given; a machine adds what it needs. */
export interface MachineTurn<Rec, Event> {
  readonly now: Moment
  readonly decision: Decision<Rec, Event>
}

export interface Machine<State, Rec, Event, Turn extends MachineTurn<Rec, Event>> {
  fresh(): State
  turn(now: Moment, decision: Decision<Rec, Event>): Turn
  apply(state: State, record: Rec): void
  /** Throws `WireError` for a record that its format cannot carry. */
  encode(record: Rec, timestampMs: number): RecordToWrite
  /** Undefined for a kind of record that the machine does not keep. */
  decode(key: Buffer, value: Buffer | null): Rec | undefined
  checkpoint(state: State, point: LogPoint): Buffer
  /** Throws `WireError` for bytes that are not a checkpoint. */
  restore(bytes: Buffer): { readonly state: State; readonly point: LogPoint }
  /** The records that make this fold of a fresh one. */
  records(state: State): Iterable<Rec>
  /** Entries of the fold. */
  size(state: State): number
  /** Of the fold and of the live state. */
  keys(state: State): Iterable<string>
  keyOf(event: Event): string
  /** Makes the live state of a key anew from the fold, as after a restart. */
  revive(state: State, key: string, turn: Turn): void
  /** A timer has fired. */
  expire(state: State, event: Event, turn: Turn): void
}

export type Decide<State, Turn, T> = (state: State, ticket: Ticket<T>, turn: Turn) => void
