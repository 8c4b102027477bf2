import type { Invariant } from '../facts.ts'
import { CommitBehindWork } from './commit-behind-work.ts'
import { CommitOfGeneration } from './commit-of-generation.ts'
import { CommitOfOwn } from './commit-of-own.ts'
import { DrainedBeforeGivenUp } from './drained-before-given-up.ts'
import { FinishedStaysFinished } from './finished-stays-finished.ts'
import { NothingAfterLoss } from './nothing-after-loss.ts'
import { OneOwner } from './one-owner.ts'
import { OrderOfKeys } from './order-of-keys.ts'

/** A fresh set for one run. What can only be judged at the end of it stands in at-the-end.ts. */
export const allInvariants = (ordered: boolean): Invariant[] => [
  new CommitBehindWork(),
  new CommitOfOwn(),
  new CommitOfGeneration(),
  new OneOwner(),
  new NothingAfterLoss(),
  new DrainedBeforeGivenUp(),
  new FinishedStaysFinished(),
  ...(ordered ? [new OrderOfKeys()] : []),
]
