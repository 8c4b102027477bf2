/**
 * What a commit would carry now: one entry a living claim whose committable offset, or what is done above it, is not on record yet. Pure.
 */
import { type Claim, isAlive } from './claims.ts'
import { writeFinished } from './finished.ts'
import { committable, finishedAbove, isAhead } from './tracker.ts'

export interface PlannedCommit {
  readonly claim: Claim
  readonly offset: number
  readonly leaderEpoch: number
  /** How many records were done in all. */
  readonly finishedCount: number
}

export function planCommit(claims: Iterable<Claim>): PlannedCommit[] {
  const out: PlannedCommit[] = []
  for (const claim of claims) {
    if (!isAlive(claim) || claim.phase === 'placing') continue
    const offset = committable(claim.tracker)
    const { finishedCount } = claim.tracker
    if (offset === claim.committed && !isFinishedDue(claim)) continue
    out.push({ claim, offset, leaderEpoch: claim.leaderEpoch, finishedCount })
  }
  return out
}

/** Whether the commit would say something else of what is done above its offset than the last one did. Without a topic id none says anything. */
function isFinishedDue({ tracker, topicUuid, finishedOnRecord }: Claim): boolean {
  if (topicUuid === undefined || finishedOnRecord === tracker.finishedCount) return false
  return finishedOnRecord === undefined || isAhead(tracker)
}

export const isRecorded = ({ claim, offset, finishedCount }: PlannedCommit): boolean =>
  claim.committed !== undefined &&
  claim.committed >= offset &&
  (claim.topicUuid === undefined || (claim.finishedOnRecord ?? -1) >= finishedCount)

/** The metadata of a commit that is written in this turn, of at most so many units of UTF-16. */
export function metadataOf({ tracker, topicId, topicUuid, leaderEpoch }: Claim, unitsMax: number): string {
  if (topicUuid === undefined || !isAhead(tracker)) return ''
  const finished = finishedAbove(tracker, leaderEpoch)
  return finished.top > finished.base ? writeFinished({ topicId, ...finished }, unitsMax) : ''
}
