/** Where one partition goes: the target, the log's bounds, and what stands in for a place that does not exist. Pure. */
import { TidemarkError } from '@tidemark/platform'
import type { Place } from '../moves/place.ts'
import type { LogFacts, PartitionFacts } from './facts.ts'
import type { Fallback, MoveTarget } from './types.ts'

export interface ResolvedTarget {
  /** Null: nothing is committed any more. */
  readonly after: Place | null
  readonly fallback: Fallback | null
  /** Nothing stands in for it: the partition is left as it is. */
  readonly isRefused: boolean
  /** The offset that was named, before it was clamped. */
  readonly wanted: number | null
}

export function resolveTarget(target: MoveTarget, facts: PartitionFacts, keepMetadata: boolean): ResolvedTarget {
  const { committed, given, log } = facts
  if (target.kind === 'delete') return to(null)
  if (given !== null && given.topicId !== null && given.topicId !== facts.topicId) return refused('topic-recreated')
  if (target.kind === 'places') {
    if (given?.isBounded !== true) return to(given?.place ?? null)
    return given.place === null ? refused('nothing-committed') : { ...to(given.place), fallback: 'not-exact' }
  }
  if (log === null) return refused('unreadable')
  const metadata = keepMetadata ? (committed?.metadata ?? '') : ''
  switch (target.kind) {
    case 'start':
      return to({ offset: log.start, leaderEpoch: log.startEpoch, metadata })
    case 'end':
      return to(endOf(log, metadata))
    case 'offset':
      return clamped({ offset: target.offset, leaderEpoch: -1, metadata }, log)
    case 'shift':
      if (committed === null) return refused('nothing-committed')
      return clamped({ offset: committed.offset + target.by, leaderEpoch: -1, metadata }, log)
    case 'time':
      if (given?.place) return to({ ...given.place, metadata })
      // In an empty log every time is at its end.
      return { ...to(endOf(log, metadata)), fallback: log.start === log.end ? null : 'no-record-after-time' }
    case 'current':
      return committed === null ? { ...to(endOf(log, metadata)), fallback: 'nothing-committed' } : to(committed)
    case 'list':
      return given?.place
        ? clamped(given.place.metadata === '' ? { ...given.place, metadata } : given.place, log)
        : refused('nothing-committed')
    case 'group':
    case 'bookmark':
      return given?.place ? to(given.place) : refused('nothing-committed')
    default:
      return unknown(target)
  }
}

const to = (after: Place | null): ResolvedTarget => ({ after, fallback: null, isRefused: false, wanted: after?.offset ?? null })
const refused = (fallback: Fallback): ResolvedTarget => ({ after: null, fallback, isRefused: true, wanted: null })
const endOf = ({ end, endEpoch }: LogFacts, metadata: string): Place => ({ offset: end, leaderEpoch: endEpoch, metadata })

/** The epoch and the metadata of an offset say nothing of another one. */
function clamped(place: Place, log: LogFacts): ResolvedTarget {
  const { offset: wanted } = place
  if (wanted < log.start) {
    return {
      after: { offset: log.start, leaderEpoch: log.startEpoch, metadata: '' },
      fallback: 'clamped-to-start',
      isRefused: false,
      wanted,
    }
  }
  if (wanted > log.end) return { after: endOf(log, ''), fallback: 'clamped-to-end', isRefused: false, wanted }
  return to(place)
}

function unknown(target: never): never {
  throw new TidemarkError('INVALID_ARGUMENT', `the target of the move is of kind '${(target as MoveTarget).kind}', which does not exist`)
}
