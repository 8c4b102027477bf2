/** Wires the outcomes of handlers to the other parts. */
import { textOf } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import type { Claim } from './claims/claim.ts'
import type { RunParts } from './run-parts.ts'
import { DecodeError } from './work/decoded.ts'
import type { WorkListener } from './work/work.ts'

/** The store has refused the claim: to a handler's transaction, or to a sweep. */
export function fenced({ emit, reports, moves }: RunParts, claim: Claim, error: TidemarkError): void {
  if (claim.phase !== 'working') return
  const { topic, partition } = claim
  emit({ kind: 'fenced', topic, partition, error })
  reports.warning(`fenced ${topic}-${partition}`, error.message, error)
  moves.fenced(claim)
}

export function workListener(run: RunParts): WorkListener {
  const { options, emit } = run
  return {
    run,

    mode: options.commit.mode,

    mayStart: (claim) => claim.phase === 'working' && !claim.paused && claim.guard?.isOpen !== false && !run.membership.isDoubtful,

    isDoubtful: () => run.membership.isDoubtful,

    admit: (claim, guard, offsets) => run.guards.admit(claim, guard, offsets),

    closed: (claim, ticket, count) => run.feed.closed(claim, ticket, count),

    settled(claim, done) {
      if (done > 0) {
        run.committer.count(done)
        run.tally.did(done)
      }
      if (claim.phase === 'working') run.feed.relax(claim)
      else run.drain.changed(claim)
    },

    retrying(claim, offset, attempt, delayMs, error) {
      const { topic, partition } = claim
      run.feed.pausing(claim)
      emit({ kind: 'retrying', topic, partition, offset, attempt, delayMs, error })
    },

    skipped: ({ topic, partition }, offset, why) => emit({ kind: 'skipped', topic, partition, offset, why }),

    writeLetters: (policy, claim, messages, failure) => run.deadLetters.write(policy, claim, messages, failure),

    deadLettered({ topic, partition }, offset, to, { cause, attempts, why }) {
      const deadLetter = { topic: to.topic, partition: to.partition, offset: to.offset }
      emit({ kind: 'deadLettered', topic, partition, offset, deadLetter, cause, attempts, why })
    },

    lettersFailed(claim, offset, deadLetterTopic, tries, delayMs, error) {
      const { topic, partition } = claim
      run.feed.pausing(claim)
      emit({ kind: 'deadLetterFailed', topic, partition, offset, deadLetterTopic, tries, delayMs, error })
      if (delayMs === undefined) {
        emit({ kind: 'stopped', topic, partition, offset, error })
        return run.ending.stopWith(error)
      }
      const text = `${error.message}; the record is pending, and the dead letter is tried again in ${delayMs} ms`
      run.reports.warning(`dead letters ${deadLetterTopic}`, text, error)
    },

    stopped({ topic, partition }, offset, cause) {
      emit({ kind: 'stopped', topic, partition, offset, error: cause })
      if (cause instanceof DecodeError) return run.ending.stopWith(cause)
      const text = `the handler failed for ${topic}-${partition} at offset ${offset}, and its attempts are exhausted: ${textOf(cause)}`
      run.ending.stopWith(new TidemarkError('HANDLER_FAILED', text, { topic, partition, offset, cause }))
    },

    stuck(claim, offset, elapsedMs, isSlotWanted) {
      const { topic, partition } = claim
      if (!isSlotWanted && run.registry.get(topic, partition) === undefined) return false // nothing waits for the call
      const text = `the handler for ${topic}-${partition} at offset ${offset} has not settled after ${Math.round(elapsedMs)} ms, beyond its timeoutMs and timeoutGraceMs`
      const error = new TidemarkError('HANDLER_STUCK', text, { topic, partition, offset })
      emit({ kind: 'stopped', topic, partition, offset, error })
      run.ending.stopWith(error)
      run.drain.changed(claim)
      return true
    },

    fenced: (claim, error) => fenced(run, claim, error),

    storeFailing: (_, error, attempts) => run.reports.failing('transaction', error, attempts),

    commitTimeoutMs: options.commit.timeoutMs,

    commit: (claim, limits) => run.committer.commit([claim], limits),
  }
}
