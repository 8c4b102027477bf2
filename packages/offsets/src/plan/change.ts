/** What a move does to one partition, and what follows from it, as far as offsets tell. Pure. */

import { readCompletionMap } from '@tidemark/client/internal'
import { numberText } from '@tidemark/platform'
import { type Place, samePlace } from '../moves/place.ts'
import type { PartitionFacts } from './facts.ts'
import { type ResolvedTarget, resolveTarget } from './resolve-target.ts'
import type { ChangeOutcome, MoveTarget, MoveWish, PlannedChange } from './types.ts'

export function changeOf(wish: MoveWish, facts: PartitionFacts): PlannedChange {
  const { topic, partition, topicId, committed: before, log } = facts
  const resolved = resolveTarget(wish.target, facts, wish.keepMetadata ?? false)
  const outcome = outcomeOf(wish.target, before, resolved)
  const after = outcome === 'moves' ? resolved.after : outcome === 'deletes' ? null : before
  return {
    topic,
    topicId,
    partition,
    before,
    after,
    outcome,
    fallback: resolved.fallback,
    start: log?.start ?? null,
    end: log?.end ?? null,
    ...(outcome === 'moves' ? distances(before, resolved, facts) : NOTHING),
    counted: 'bounded',
    spanMs: null,
    bytes: null,
    first: null,
    last: null,
    notes: notesOf(outcome, before, after, facts),
  }
}

const NOTHING = { replayed: 0, skipped: 0, lost: 0 }

function outcomeOf(target: MoveTarget, before: Place | null, { after, isRefused }: ResolvedTarget): ChangeOutcome {
  if (isRefused) return 'refused'
  if (after === null) return before === null ? 'unchanged' : 'deletes'
  // A place that is given whole is put there whole; an offset that is reached already keeps what was committed with it.
  const isWhole = target.kind === 'places' || target.kind === 'group' || target.kind === 'bookmark'
  const isThere = isWhole ? samePlace(before, after) : before?.offset === after.offset
  return isThere ? 'unchanged' : 'moves'
}

/** Only what is in the log can be handled, again or not at all. */
function distances(before: Place | null, { after, wanted }: ResolvedTarget, { log }: PartitionFacts) {
  if (log === null || before === null || after === null) return NOTHING
  const within = (offset: number): number => Math.min(Math.max(offset, log.start), log.end)
  const step = within(after.offset) - within(before.offset)
  const lowest = Math.max(0, Math.min(before.offset, wanted ?? after.offset))
  return { replayed: Math.max(0, -step), skipped: Math.max(0, step), lost: Math.max(0, log.start - lowest) }
}

/** The offsets whose records are replayed or skipped: `from` to below `to`. Undefined: there are none. */
export function rangeOf({ before, after, start, end, replayed, skipped }: PlannedChange): { from: number; to: number } | undefined {
  if (replayed + skipped === 0 || before === null || after === null || start === null || end === null) return undefined
  const within = (offset: number): number => Math.min(Math.max(offset, start), end)
  const [a, b] = [within(before.offset), within(after.offset)]
  return { from: Math.min(a, b), to: Math.max(a, b) }
}

/** How many records above the commit its completion map calls done. */
export function doneAboveOf(place: Place | null): number {
  const map = place === null ? undefined : readCompletionMap(place.metadata)
  return map === undefined || map.base !== place!.offset ? 0 : map.top - map.base - map.open.length
}

export const drops = ({ outcome, before, after }: Pick<PlannedChange, 'outcome' | 'before' | 'after'>): boolean =>
  (outcome === 'moves' || outcome === 'deletes') && before !== null && before.metadata !== '' && after?.metadata !== before.metadata

function notesOf(outcome: ChangeOutcome, before: Place | null, after: Place | null, { log, committed }: PartitionFacts): string[] {
  const notes: string[] = []
  const done = doneAboveOf(before)
  if (drops({ outcome, before, after }) && done > 0) {
    notes.push(`drops "${numberText(done)} done above": ${done === 1 ? 'it is' : 'they are'} handled again`)
  }
  if (outcome === 'deletes') notes.push("a consumer then begins where its auto.offset.reset says, or Tidemark's startFrom")
  if (outcome === 'moves' && before === null) notes.push('nothing was committed before')
  if (log === null) {
    notes.push('the topic or its log cannot be read')
    return notes
  }
  if (log.start === log.end && outcome === 'moves') notes.push('the log is empty')
  if (committed !== null && committed.offset > log.end) notes.push(`what is committed (${committed.offset}) lies beyond the end of the log`)
  if (committed !== null && committed.offset < log.start)
    notes.push(`what is committed (${committed.offset}) lies below the start of the log`)
  if (outcome === 'moves' && after !== null && (after.offset < log.start || after.offset > log.end)) {
    notes.push(`the new offset (${after.offset}) lies outside of the log: a consumer goes where its auto.offset.reset says`)
  }
  return notes
}
