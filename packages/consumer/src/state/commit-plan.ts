/** What a commit would carry now: one entry a living claim whose committable offset is not on record yet. Pure. */
import { type Claim, isAlive } from './claims.ts'
import { committable } from './tracker.ts'

export interface PlannedCommit {
  readonly claim: Claim
  readonly offset: number
  readonly leaderEpoch: number
}

export function planCommit(claims: Iterable<Claim>): PlannedCommit[] {
  const out: PlannedCommit[] = []
  for (const claim of claims) {
    if (!isAlive(claim) || claim.phase === 'placing') continue
    const offset = committable(claim.tracker)
    if (offset !== claim.committed) out.push({ claim, offset, leaderEpoch: claim.leaderEpoch })
  }
  return out
}
