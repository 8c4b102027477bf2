/** What a commit is made of: the part of a claim that the committer knows. */
import type { Tracker } from './tracker.ts'

export interface Acknowledgement {
  readonly offset: number
  readonly finishedCount: number
}

export interface CommitSubject {
  readonly topic: string
  readonly partition: number
  /** The topic's id in Kafka's spelling; the topic's name where the broker has no ids. */
  readonly topicId: string
  /** The id of the topic that the positions belong to, as the wire has it. Undefined: the broker has none. */
  readonly topicUuid: string | undefined
  /** Whether a commit may speak for it: it has a place in the log, and it is not dead. */
  readonly isCommittable: boolean
  readonly isDead: boolean
  readonly tracker: Tracker
  /** The leader epoch of the last record handed over; committed with the offset (KIP-320, T16). -1: none yet. */
  readonly leaderEpoch: number
  /** The offset where it began. */
  readonly start: number
  /**
   * What the group has on record: the last acknowledged commit, or what was fetched at the beginning. Undefined:
   * nothing.
   */
  committed: number | undefined
  /** How many records were done at the last acknowledged commit. */
  recordedCount: number
  /** The version of the tracker's notes at the last acknowledged commit. */
  recordedNotes: number
  /** The name of this run, while a commit is to say that the partition is held; undefined: it is not to. */
  readonly holder: string | undefined
  /**
   * What is on record is of another place in the log (a seek, `startAt`): the next commit replaces it, map included.
   */
  isRecordStale: boolean
  /** The last commit of it that was acknowledged after it had ended: too late for its callers, and yet on record. */
  acknowledgedLate: Acknowledgement | undefined
  /** With manual commits: the user has asked for a commit that is not on record yet. */
  isRequested: boolean
  /** The coordinator did not know the topic at the last commit. */
  isTopicMissing: boolean
  /** Look-ups in a row that did not find the topic that the positions belong to. */
  missingLookUps: number
  /** Why the last commit of it failed; undefined: it did not. */
  commitError: Error | undefined
}
