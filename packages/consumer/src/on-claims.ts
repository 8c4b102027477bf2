/** Wires the events of claims to the other parts: their phase, their place in the log, and what is on record. */
import type { Claim } from './claims/claim.ts'
import type { Poison } from './claims/guard.ts'
import type { MoveListener } from './claims/moves.ts'
import type { PlacementListener } from './claims/placement.ts'
import type { ClaimEffects } from './claims/registry.ts'
import type { SweepListener } from './claims/sweeper.ts'
import type { CommitListener } from './commit/committer.ts'
import { fenced } from './on-work.ts'
import type { RunParts } from './run-parts.ts'

export function claimEffects(run: RunParts): ClaimEffects {
  return {
    began(claim, position) {
      const poison = run.poisonOf(claim.topic)
      if (poison !== undefined) watch(run, claim, poison)
      run.feed.begin(claim, position)
    },

    stopped: (claim) => run.feed.stop(claim),

    ended(claim, reason, began) {
      run.drain.changed(claim)
      if (reason === 'seek' || !began) return
      const { topic, partition } = claim
      const unrecorded = run.committer.unrecorded(claim)
      const uncommittedFrom = unrecorded && (claim.committed ?? claim.start)
      run.emit({ kind: 'ended', topic, partition, reason, uncommittedFrom })
      if (unrecorded === undefined) return
      run.ending.leftUncommitted(unrecorded)
      const how = reason === 'lost' ? 'lost' : 'given up'
      const text = `${topic}-${partition} was ${how} before all that is done was committed: the group stays at offset ${uncommittedFrom}`
      run.reports.warning(`uncommitted ${topic}-${partition}`, text)
    },
  }
}

/** What is on record belongs to a topic's id: a broker without ids cannot keep it. */
function watch(run: RunParts, claim: Claim, poison: Poison): void {
  if (claim.topicUuid !== undefined) return run.guards.watch(claim, poison)
  run.reports.warning(
    `no ids ${claim.topic}`,
    `the broker knows no topic ids: records of '${claim.topic}' that kill their process are not found`,
  )
}

export function placementListener(run: RunParts): PlacementListener {
  return {
    placed(claim, position) {
      if (!run.registry.begin(claim, position)) return
      const { topic, partition } = claim
      run.emit({ kind: 'assigned', topic, partition, position: position.offset, committed: position.committed })
    },
    failing: (request, error, attempts) => run.reports.failing(request, error, attempts),
    failed: (error) => run.ending.stopWith(error),
  }
}

export function moveListener(run: RunParts): MoveListener {
  return {
    seeked: ({ topic, partition }, from, to) => run.emit({ kind: 'seeked', topic, partition, from, to }),
    outOfRange: ({ topic, partition }, offset, movedTo) => run.emit({ kind: 'outOfRange', topic, partition, offset, movedTo }),
    truncated: ({ topic, partition }, offset, movedTo) => run.emit({ kind: 'truncated', topic, partition, offset, movedTo }),
    failed: (error) => run.ending.stopWith(error),
  }
}

export function commitListener(run: RunParts): CommitListener<Claim> {
  return {
    committed(claim, offset) {
      const { topic, partition } = claim
      run.emit({ kind: 'committed', topic, partition, offset })
      run.feed.relax(claim) // with manual commits, what held the limit back may be done only now
    },
    refused: ({ topic, partition }, offset, error) => run.emit({ kind: 'commitRefused', topic, partition, offset, error }),
    memberRefused: (error, generation) => run.membership.refused(error, generation),
    failing: (error, attempts) => run.reports.failing('OffsetCommit', error, attempts),
    failed: (cause) => run.ending.commitRefused(cause),
  }
}

export function sweepListener(run: RunParts): SweepListener {
  return {
    fenced: (claim, error) => fenced(run, claim, error),
    failing: (error, attempts) => run.reports.failing('sweep of the inbox', error, attempts),
    failed: (error) => run.ending.stopWith(error),
  }
}
