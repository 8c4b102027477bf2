/** What happens in a simulated world, as the invariants see it: from outside, by the bytes on the wire and by what handlers do. */
import type { Finished } from '@tidemark/consumer'
import type { Process } from './machine/process.ts'

export type Fact =
  /** The broker acknowledged a record. */
  | { readonly kind: 'acknowledged'; readonly partition: number; readonly offset: number; readonly value: string }
  | ({ readonly kind: 'handlerStarted'; readonly key: string } & Handling)
  | ({ readonly kind: 'handlerDone'; readonly key: string } & Handling)
  | ({ readonly kind: 'handlerFailed'; readonly key: string } & Handling)
  | { readonly kind: 'joinSent'; readonly process: Process; readonly owned: readonly number[] }
  /** The broker wrote the answer: the member belongs to the generation. */
  | { readonly kind: 'joinDecided'; readonly generation: number; readonly memberId: string }
  | { readonly kind: 'syncDecided'; readonly generation: number; readonly member: string; readonly partitions: readonly number[] }
  /** The member got its assignment. */
  | { readonly kind: 'syncAnswered'; readonly process: Process; readonly partitions: readonly number[] }
  | { readonly kind: 'leaveSent'; readonly process: Process }
  /** The member got an answer that says it is out: UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION or FENCED_INSTANCE_ID in its current generation. */
  | { readonly kind: 'lossKnown'; readonly process: Process; readonly error: string }
  | {
      readonly kind: 'commitSent'
      readonly process: Process
      readonly generation: number
      readonly offsets: ReadonlyMap<number, number>
      /** What the metadata calls done above the offsets. */
      readonly finished: readonly FinishedIn[]
    }
  /** The commit reached the broker when `current` was the newest generation it had told anybody of, and was accepted. */
  | {
      readonly kind: 'commitAccepted'
      readonly process: Process
      readonly generation: number
      readonly current: number
      readonly offsets: ReadonlyMap<number, number>
    }
  /** The broker told somebody what is committed: a commit counts also when its answer never left. */
  | { readonly kind: 'commitKnown'; readonly offsets: ReadonlyMap<number, number> }
  /** A member learnt where its claims begin, and what is done above. */
  | {
      readonly kind: 'placesKnown'
      readonly process: Process
      readonly partitions: readonly number[]
      readonly finished: readonly FinishedIn[]
    }
  | { readonly kind: 'memberCrashed'; readonly process: Process }
  | { readonly kind: 'brokerCrashed'; readonly power: boolean }

export interface FinishedIn extends Finished {
  readonly partition: number
}

export interface Handling {
  readonly process: Process
  readonly partition: number
  readonly offset: number
  /** One object a claim: the signal that all its handlers share. */
  readonly claim: AbortSignal
}

export class Violation extends Error {
  readonly invariant: string

  constructor(invariant: string, message: string) {
    super(message)
    this.invariant = invariant
  }
}

/** Something that must hold at every moment; it throws `Violation`. */
export interface Invariant {
  readonly name: string
  see(fact: Fact): void
}
