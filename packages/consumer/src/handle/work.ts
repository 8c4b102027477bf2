/** What a user asked to be done with a topic, its options resolved; and what carries it out. */
import type { Message } from '@tidemark/client'
import type { Claim } from '../state/claims.ts'
import type { Ticket } from '../state/tracker.ts'
import type { BatchContext, Context } from './context.ts'

export type Order = 'partition' | 'key' | 'none'
export type CommitMode = 'processed' | 'delivered' | 'manual'
export type Exhausted = 'stop' | 'skip'

export interface Retry {
  /** How often a record is tried, the first time included. */
  readonly attempts: number
  /** The pause before the second attempt; it doubles from attempt to attempt, with jitter. */
  readonly delayMs: number
  readonly delayMaxMs: number
}

export interface WorkOptions {
  readonly topic: string
  readonly concurrency: number
  readonly retry: Retry
  readonly exhausted: Exhausted
  /** A handler that has not settled by then has failed. Undefined: it may take as long as it likes. */
  readonly timeoutMs: number | undefined
}

export type EachHandler = (message: Message, context: Context) => unknown
export type BatchHandler = (batch: MessageBatch, context: BatchContext) => unknown

export interface EachWork extends WorkOptions {
  readonly kind: 'each'
  readonly order: Order
  readonly handler: EachHandler
}

export interface BatchWork extends WorkOptions {
  readonly kind: 'batches'
  readonly recordsMax: number
  /** How long a record waits for others to fill its batch. */
  readonly waitMaxMs: number
  readonly handler: BatchHandler
}

/** Records of one partition that follow each other. */
export interface MessageBatch {
  readonly topic: string
  readonly partition: number
  readonly messages: readonly Message[]
}

/** Carries out the work of one topic: records of living claims in, outcomes out. */
export interface Worker {
  /** The records of one fetch, in order; `firstTicket` is that of the first, the others follow. */
  enter(claim: Claim, messages: readonly Message[], firstTicket: Ticket): void
  /** Forgets what was not started; what runs may still settle. */
  drop(claim: Claim): void
  /** The claim may start again. */
  wake(claim: Claim): void
  /** Records that were entered and not started. */
  waiting(claim: Claim): number
  /** What holds this claim's oldest records, for `explain()`. */
  holdup(claim: Claim): Holdup | undefined
}

export interface Holdup {
  readonly offset: number
  readonly attempt: number
  readonly state: 'running' | 'retrying' | 'waiting'
}

/** How outcomes reach the runner. */
export interface Outcomes {
  readonly mode: CommitMode
  /** Whether a handler may be started for the claim in this moment. */
  mayStart(claim: Claim): boolean
  /** A handler of this claim settled, or its record was counted as done. */
  settled(claim: Claim): void
  retrying(claim: Claim, offset: number, attempt: number, delayMs: number, error: unknown): void
  skipped(claim: Claim, offset: number, why: unknown): void
  /** Attempts are exhausted and nothing else was asked for: the partition stops. */
  stopped(claim: Claim, offset: number, error: unknown): void
  /** Sends what may be committed, and resolves once it is on record. */
  flush(): Promise<void>
}
