/** What a user asked to be done with a topic, its options resolved; what carries it out; and what is told of it. */
import type { Message, ReceivedMessage, SendResult } from '@tidemark/client'
import type { FetchedMessage } from '@tidemark/client/internal'
import type { TidemarkError } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import type { Guard, Poison } from '../claims/guard.ts'
import type { Admission } from '../claims/guards.ts'
import type { CommitLimits } from '../commit/limits.ts'
import type { Ticket } from '../commit/tracker.ts'
import type { Selection } from '../selection.ts'
import type { TransactionalStore } from '../stores/store.ts'
import type { ClaimStream } from './by-claim.ts'
import type { BatchContext, Context } from './context.ts'
import type { DeadLetter, DeadLetterFailure } from './dead-letter.ts'
import type { LettersOutcome } from './dead-letters.ts'
import type { Pull } from './pull.ts'
import type { Retry } from './retry.ts'
import type { WorkerPool } from './workers/pool.ts'

export type Order = 'partition' | 'key' | 'none'
export type CommitMode = 'processed' | 'delivered' | 'manual'
/**
 * 'stop': the partition stops and `run()` rejects. 'skip': the record counts as done. `deadLetter(topic)`: it counts as
 * done once it is in the dead-letter topic.
 */
export type Exhausted = 'stop' | 'skip' | DeadLetter

export interface WorkOptions {
  readonly topics: Selection
  readonly concurrency: number
  readonly retry: Retry
  readonly exhausted: Exhausted
  /** Undefined: records that kill their process are not looked for. */
  readonly poison: Poison | undefined
  /** A call that has not settled by then has failed. Undefined: it may take as long as it likes. */
  readonly timeoutMs: number | undefined
  /** How long after its time-out a call may take to settle, before its partition stops. */
  readonly timeoutGraceMs: number
  /** Its transactions are the handler's. */
  readonly store: TransactionalStore<unknown> | undefined
}

export type EachHandler<M = ReceivedMessage> = (message: M, context: Context) => unknown
export type BatchHandler<B = MessageBatch> = (batch: B, context: BatchContext) => unknown

export interface EachWork extends WorkOptions {
  readonly kind: 'each'
  readonly order: Order
  readonly handler: EachHandler
  /** The handler runs in these threads. */
  readonly pool?: WorkerPool
  /** The records are asked for, one at a time; it says how many calls may run now. */
  readonly pull?: Pull
}

export interface BatchWork extends WorkOptions {
  readonly kind: 'batches'
  readonly recordsMax: number
  /** How long a record waits for others to fill its batch. */
  readonly waitMaxMs: number
  readonly handler: BatchHandler
}

/** Each partition is read as a stream by code that marks what is done. */
export interface ClaimWork {
  readonly kind: 'claims'
  readonly topics: Selection
  /** How many records of a partition may be handed out and not marked. */
  readonly unmarkedMax: number
  /** A partition hands out nothing more until some of its records are marked. */
  tooManyUnmarked(stream: ClaimStream): void
  /** The partition is being given up: its stream has ended. */
  dropped(claim: Claim): void
}

export type Work = EachWork | BatchWork | ClaimWork

/** Consecutive records of one partition; iterating gives its messages. */
export interface MessageBatch extends Iterable<ReceivedMessage> {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly ReceivedMessage[]
  /**
   * Names the record that failed, for when the handler ends, however it does: those before it are done, it is tried
   * again alone and then `exhausted` says what becomes of it, and those after it come with the next batch. Of several
   * calls the lowest index counts. A call of `context.skip`, `deadLetter` or `commit` prevails: it is for the whole
   * batch. Throws `TidemarkError` INVALID_ARGUMENT for an index that is not of the batch.
   */
  failedAt(index: number, error: unknown): void
}

/** Carries out the work of the topics of one call: records of living claims in, outcomes out. */
export interface Worker {
  /** The records of one fetch, in order; `firstTicket` is that of the first, the others follow. */
  enter(claim: Claim, messages: readonly FetchedMessage[], firstTicket: Ticket): void
  /**
   * Forgets what was not started, and returns the records whose calls still run: until these settle, nothing for the
   * same record or key is started.
   */
  drop(claim: Claim): readonly HeldRecord[]
  /** The claim may start records again. */
  wake(claim: Claim): void
  /** More calls may run than before. */
  pump(): void
  /** Records that were entered and not started. */
  waiting(claim: Claim): number
  /** Whether a record that came now might start at once, while none of those that wait can. */
  isHungry(claim: Claim): boolean
  /** Whether none of its records that wait can start, however many slots there are, while one that came now might. */
  isHeldUp(claim: Claim): boolean
  /** Every record that waits, runs, or pauses between attempts. */
  held(claim: Claim): Iterable<HeldRecord>
  /** What holds the claim's oldest record, for `explain()`. */
  holdup(claim: Claim): Holdup | undefined
  /** The run is over: no timer is left behind. */
  close(): void
}

/** A record that is in memory because a handler has not finished with it. */
export interface HeldRecord {
  readonly ticket: Ticket
  readonly message: FetchedMessage
}

export interface Holdup {
  readonly offset: number
  /** The record's own time. */
  readonly timestampMs: number
  readonly attempt: number
  readonly state: 'running' | 'retrying' | 'waiting' | 'waiting for its dead letter to be written' | 'waiting for its call to be on record'
}

/** What workers ask, and what they report. */
export interface WorkListener {
  /** Names the run. */
  readonly run: object
  readonly mode: CommitMode
  /** Whether a record of the claim may be started in this moment. */
  mayStart(claim: Claim): boolean
  /** Whether the group may have given the claim to another member, and the next answer will tell. */
  isDoubtful(): boolean
  /** Whether a call for these records may begin, or when; see `Guards.admit`. */
  admit(claim: Claim, guard: Guard, offsets: readonly number[]): 'condemned' | Admission | Promise<Admission | undefined>
  /**
   * Handlers are finished with these records, done or not, whether the claim lives or has ended: nothing of them is
   * held any more.
   */
  closed(claim: Claim, ticket: Ticket, count: number): void
  /** A call settled; `done` records were counted as done with it. */
  settled(claim: Claim, done: number): void
  retrying(claim: Claim, offset: number, attempt: number, delayMs: number, error: unknown): void
  skipped(claim: Claim, offset: number, why: unknown): void
  /** Never rejects. */
  writeLetters(policy: DeadLetter, claim: Claim, messages: readonly Message[], failure: DeadLetterFailure): Promise<LettersOutcome>
  /** A dead letter is acknowledged. */
  deadLettered(claim: Claim, offset: number, to: SendResult, failure: DeadLetterFailure): void
  /**
   * A dead letter could not be written, for the `tries`th time, and its record is pending. Undefined: no retry can fix
   * it.
   */
  lettersFailed(claim: Claim, offset: number, to: string, tries: number, delayMs: number | undefined, error: TidemarkError): void
  /** Attempts are exhausted and nothing else was asked for: the partition stops. */
  stopped(claim: Claim, offset: number, error: unknown): void
  /**
   * A call outlived its time-out and its grace period: its partition cannot go on. `isSlotWanted`: other records wait
   * for its slot. False: the call holds nothing up now, and the question is asked again after another grace period,
   * since the partition may come back.
   */
  stuck(claim: Claim, offset: number, elapsedMs: number, isSlotWanted: boolean): boolean
  /** The store refuses the claim: another member has taken its partition over. */
  fenced(claim: Claim, error: TidemarkError): void
  /** A transaction of the store failed and is tried again; `attempts` failed one after the other. */
  storeFailing(claim: Claim, error: TidemarkError, attempts: number): void
  /** How long a handler's commit may take, unless the handler says. */
  readonly commitTimeoutMs: number
  /** Commits what this claim may commit; resolves once it is on record. */
  commit(claim: Claim, limits: CommitLimits): Promise<void>
}
