/** Where a partition stands, and why. */
import type { Claim } from './claims/claim.ts'
import { committable } from './commit/tracker.ts'
import type { Holdup, Worker } from './work/work.ts'

export interface Progress {
  readonly topic: string
  readonly partition: number
  /** The next offset to be read. */
  readonly position: number
  /** What the group has on record for this member; undefined: nothing yet. */
  readonly committed: number | undefined
  /** What the next commit will carry. */
  readonly committable: number
  /** Records above the committable offset that are done, since this member has the partition. */
  readonly doneAhead: number
  /** Records that were fetched and wait for a handler. */
  readonly waiting: number
  /** Handlers that run. */
  readonly running: number
  readonly paused: boolean
}

export interface Explanation extends Progress {
  /** Why the committable offset is where it is, in a sentence. */
  readonly because: string
}

export function explain(claim: Claim, worker: Worker): Explanation {
  const progress: Progress = {
    topic: claim.topic,
    partition: claim.partition,
    position: claim.tracker.position,
    committed: claim.committed,
    committable: committable(claim.tracker),
    doneAhead: claim.tracker.aheadCount,
    waiting: worker.waiting(claim),
    running: claim.calls.running,
    paused: claim.paused,
  }
  return { ...progress, because: because(progress, claim, worker.holdup(claim)) }
}

function because(p: Progress, { phase, commitError, guard }: Claim, holdup: Holdup | undefined): string {
  if (phase === 'placing') return 'the position to begin at is being looked up'
  if (commitError !== undefined) return `the commit was refused: ${commitError.message}`
  if (phase === 'draining') return `the partition is being given up; handlers that still run: ${p.running}`
  if (guard?.isOpen === false) return 'calls begin once the name of this run is on record, which tells the next one if it died'
  if (holdup !== undefined) {
    return `offset ${holdup.offset} is ${holdup.state} (attempt ${holdup.attempt}); records above it that are done: ${p.doneAhead}`
  }
  if (p.committable < p.position) return `offset ${p.committable} was handled and not committed by its handler`
  return p.committed === p.committable ? 'everything read is done and committed' : 'everything read is done; the commit is due'
}
