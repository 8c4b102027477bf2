/** What a commit would carry now: one entry for each claim with something to record. Pure. */
import { writeCompletionMap } from '@tidemark/client/internal'
import type { CommitSubject } from './subject.ts'
import { committable, completedAbove, isAhead } from './tracker.ts'

export interface CommitRules {
  /** False: only what a user asked for is committed (manual commits). */
  readonly automatic: boolean
  /** Whether the metadata carries what is done above the offset. */
  readonly completionMap: boolean
}

export interface PlannedCommit<S extends CommitSubject = CommitSubject> {
  readonly subject: S
  readonly offset: number
  readonly leaderEpoch: number
  /** How many records were done in all. */
  readonly finishedCount: number
  readonly notesVersion: number
}

export function planCommit<S extends CommitSubject>(subjects: Iterable<S>, rules: CommitRules): PlannedCommit<S>[] {
  const out: PlannedCommit<S>[] = []
  for (const subject of subjects) {
    if (!subject.isCommittable || (!rules.automatic && !subject.isRequested)) continue
    if (isDue(subject, rules)) out.push(plannedOf(subject))
  }
  return out
}

function isDue(subject: CommitSubject, rules: CommitRules): boolean {
  return (
    subject.isRecordStale || committable(subject.tracker) !== subject.committed || isMapDue(subject, rules) || areNotesDue(subject, rules)
  )
}

/** Whether something is known of single records that is not on record: how often they were tried, for instance. */
const areNotesDue = ({ tracker, topicUuid, recordedNotes }: CommitSubject, { completionMap }: CommitRules): boolean =>
  completionMap && topicUuid !== undefined && recordedNotes !== tracker.notesVersion

export const plannedOf = <S extends CommitSubject>(subject: S): PlannedCommit<S> => ({
  subject,
  offset: committable(subject.tracker),
  leaderEpoch: subject.leaderEpoch,
  finishedCount: subject.tracker.finishedCount,
  notesVersion: subject.tracker.notesVersion,
})

/**
 * Whether a commit would say something new about the records above its offset. Without a topic id no map is written.
 */
function isMapDue({ tracker, topicUuid, recordedCount }: CommitSubject, { completionMap }: CommitRules): boolean {
  return completionMap && topicUuid !== undefined && recordedCount !== tracker.finishedCount && isAhead(tracker)
}

/** Whether this, or something later, is on record. */
export const isRecorded = ({ subject, offset, finishedCount }: PlannedCommit): boolean =>
  !subject.isRecordStale && subject.committed !== undefined && subject.committed >= offset && subject.recordedCount >= finishedCount

/**
 * What of this claim, dead or alive, is not on record and should be: records that are done, or the place that it was
 * moved to.
 */
export function unrecordedOf<S extends CommitSubject>(subject: S, rules: CommitRules): PlannedCommit<S> | undefined {
  const { tracker, recordedCount, isRecordStale } = subject
  const isChanged = tracker.finishedCount > recordedCount || isRecordStale
  return isChanged && isDue(subject, rules) ? plannedOf(subject) : undefined
}

/** The metadata of a commit that is written in this turn, of at most `unitsMax` UTF-16 units. */
export function metadataOf(subject: CommitSubject, { completionMap }: CommitRules, unitsMax: number): string {
  const { tracker, topicId, topicUuid, leaderEpoch, holder } = subject
  const isSilent = !isAhead(tracker) && tracker.notes.size === 0 && holder === undefined
  if (!completionMap || topicUuid === undefined || isSilent) return ''
  return writeCompletionMap({ topicId, ...completedAbove(tracker, leaderEpoch), holder }, unitsMax)
}
