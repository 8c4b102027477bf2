import type { Invariant } from '../facts.ts'
import { AsksElsewhere } from './asks-elsewhere.ts'
import { CommitBehindWork } from './commit-behind-work.ts'
import { CommitFailedIsTrue } from './commit-failed-is-true.ts'
import { CommitIsOnRecord } from './commit-is-on-record.ts'
import { CommitOfGeneration } from './commit-of-generation.ts'
import { CommitOfItsTopic } from './commit-of-its-topic.ts'
import { CommitOfOwn } from './commit-of-own.ts'
import { CommittedBeforeGivenUp } from './committed-before-given-up.ts'
import { Concurrency } from './concurrency.ts'
import { DrainedBeforeGivenUp } from './drained-before-given-up.ts'
import { FinalRefusalEnds } from './final-refusal-ends.ts'
import { FinishedStaysFinished } from './finished-stays-finished.ts'
import { LettersAreTrue } from './letters-are-true.ts'
import { NearWherePossible } from './near-where-possible.ts'
import { NothingAfterClose } from './nothing-after-close.ts'
import { NothingAfterLoss } from './nothing-after-loss.ts'
import { NothingIsSilent } from './nothing-is-silent.ts'
import { OneCallAtATime } from './one-call-at-a-time.ts'
import { LeaderOfEpoch, OneLeader, RefusedHasNoEffect } from './one-leader.ts'
import { OneOwner } from './one-owner.ts'
import { OneWorker } from './one-worker.ts'
import { OrderOfKeys } from './order-of-keys.ts'
import { PausedStartsNothing } from './paused-starts-nothing.ts'
import { ProcessCanEnd } from './process-can-end.ts'
import { RunResolvesCommitted } from './run-resolves-committed.ts'
import { WaitingIsBounded } from './waiting-is-bounded.ts'

export interface Regime {
  /** The commit may lead the work, as that mode says. */
  readonly delivered: boolean
  /** The log may lose records, and other ones take their offsets. */
  readonly truncated: boolean
  /** A record whose handler resolved is committed only when the user asks for it. */
  readonly manual: boolean
  /** A member may be told to begin elsewhere than at what is committed. */
  readonly jumps: boolean
  /**
   * Handlers write in the transactions of a store: a handler that has ended may be rolled back, and its record is not
   * done.
   */
  readonly stored: boolean
  /**
   * Commits reach the coordinator in time: no weather, no crash and no refusal keeps one back, and each record is
   * committed by the consumer.
   */
  readonly reliable: boolean
  /** A commit can carry all of what is done above its offset. */
  readonly mapsAreWhole: boolean
  /** By topic: after so long a call is stuck, and nobody waits for it (`timeoutMs` and `timeoutGraceMs`). */
  readonly stuckMs: ReadonlyMap<string, number>
  /** How many nodes the broker is. */
  readonly nodes: number
}

/**
 * A fresh set for one run. What can only be judged at the end of it stands in at-the-end.ts.
 */
export const allInvariants = ({
  delivered,
  manual,
  truncated,
  jumps,
  stored,
  reliable,
  mapsAreWhole,
  stuckMs,
  nodes,
}: Regime): Invariant[] => [
  ...(delivered ? [] : [new CommitBehindWork()]),
  new CommitOfOwn(),
  new CommitOfGeneration(),
  new OneOwner(),
  new OneWorker(),
  new NothingAfterLoss(),
  new NothingAfterClose(),
  new DrainedBeforeGivenUp(truncated, stuckMs),
  // With a store a jump is on record there, and Kafka hears of it later.
  ...(truncated || delivered || (stored && jumps) ? [] : [new FinishedStaysFinished()]),
  ...(truncated ? [] : [new CommitOfItsTopic(), new OrderOfKeys(), new CommitIsOnRecord()]),
  ...(truncated || manual || stored ? [] : [new RunResolvesCommitted(mapsAreWhole)]),
  ...(truncated || delivered || jumps || stored ? [] : [new CommitFailedIsTrue()]),
  ...(reliable && !stored ? [new CommittedBeforeGivenUp(mapsAreWhole)] : []),
  new FinalRefusalEnds(),
  ...(truncated ? [] : [new LettersAreTrue()]),
  new OneCallAtATime(truncated),
  new Concurrency(),
  ...(stored ? [] : [new PausedStartsNothing()]), // a transaction that has begun goes on
  new ProcessCanEnd(),
  new NothingIsSilent(),
  new WaitingIsBounded(),
  ...(nodes > 1 ? [new OneLeader(), new AsksElsewhere(), new NearWherePossible()] : []),
  ...(nodes > 1 && !truncated ? [new LeaderOfEpoch(), new RefusedHasNoEffect()] : []),
]
