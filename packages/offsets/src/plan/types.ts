/** A plan of a move, and what is asked for: plain data, whole in JSON. `schema/plan.v1.json` describes the file. */
import type { Place } from '../moves/place.ts'

/** Where committed offsets are to go. Kafka's own tool has a name for the first of them. */
export type MoveTarget =
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** By so many offsets from the committed one; below 0: back. */
  | { readonly kind: 'shift'; readonly by: number }
  /** The first record at or after a time, in milliseconds since 1970. */
  | { readonly kind: 'time'; readonly atMs: number }
  /** Where another group stands, with leader epoch and metadata. */
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'bookmark'; readonly name: string }
  /** Where it stands; the end of the log for a partition without a commit. */
  | { readonly kind: 'current' }
  | { readonly kind: 'list'; readonly offsets: readonly ListedPlace[] }
  /**
   * As something was before: undo, of a move (`undoes`) or to a time (`atMs`). Never clamped; null: nothing is
   * committed then.
   */
  | { readonly kind: 'places'; readonly places: readonly FormerPlace[]; readonly undoes?: string; readonly atMs?: number }
  /** `group`: the group itself goes too. */
  | { readonly kind: 'delete'; readonly group?: boolean }

export interface ListedPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
}

export interface FormerPlace {
  readonly topic: string
  /** Null: any topic of this name will do. */
  readonly topicId: string | null
  readonly partition: number
  readonly place: Place | null
  /** `bounded`: not what was there, but the nearest that is known. Default: `exact`. */
  readonly certainty?: 'exact' | 'bounded'
}

/** `from`: that partition and all above it. */
export type PartitionChoice = 'all' | readonly number[] | { readonly from: number }

export interface TopicScope {
  readonly topic: string
  readonly partitions: PartitionChoice
}

export interface MoveWish {
  readonly group: string
  /** `all`: every partition that has a commit; with another group, a bookmark or a list: those that they name. */
  readonly scope: 'all' | readonly TopicScope[]
  readonly target: MoveTarget
  /**
   * Whether the metadata of the commit stays where the target brings none of its own. Default: false, because it
   * describes the old place.
   */
  readonly keepMetadata?: boolean
}

/**
 * Why a partition cannot go exactly where it was to go. A plan with any of them is applied only if they are accepted
 * by name.
 *
 * - `clamped-to-start`, `clamped-to-end`: the offset is outside of the log; the plan has the nearest one that is in it.
 * - `no-record-after-time`: the plan has the end of the log.
 * - `nothing-committed`: there is nothing to count from. `current` takes the end of the log; others leave the
 *   partition as it is.
 * - `topic-recreated`: the offset belongs to a topic that was deleted since. The partition is left as it is.
 * - `not-exact`: the log of commits does not say any more what was committed; the plan has the first place that it has.
 * - `unreadable`: the topic, the partition or its leader cannot be found. The partition is left as it is.
 */
export type Fallback =
  | 'clamped-to-start'
  | 'clamped-to-end'
  | 'no-record-after-time'
  | 'nothing-committed'
  | 'topic-recreated'
  | 'not-exact'
  | 'unreadable'

export type ChangeOutcome = 'moves' | 'unchanged' | 'deletes' | 'refused'

export interface PlannedChange {
  readonly topic: string
  /** In Kafka's spelling, of zeros where the broker is too old to tell; null: the topic does not exist. */
  readonly topicId: string | null
  readonly partition: number
  readonly before: Place | null
  readonly after: Place | null
  readonly outcome: ChangeOutcome
  readonly fallback: Fallback | null
  /** The first offset that is still in the log; null: it cannot be read. */
  readonly start: number | null
  /** The high watermark; null: the log cannot be read. */
  readonly end: number | null
  /** Records that are handled again. */
  readonly replayed: number
  /** Records that are never handled. */
  readonly skipped: number
  /** `bounded`: offsets were counted, of which some may hold no record (compaction, transactions). */
  readonly counted: 'exact' | 'bounded'
  /** Offsets between the two places that are no longer in the log: their records cannot be handled. */
  readonly lost: number
  /** From the first to the last record that is replayed or skipped; null: they were not read. */
  readonly spanMs: number | null
  /** Keys, values and headers of the records that are replayed or skipped; null: they were not read. */
  readonly bytes: { readonly value: number; readonly certainty: 'exact' | 'estimated' } | null
  readonly first: RecordGlance | null
  readonly last: RecordGlance | null
  readonly notes: readonly string[]
}

/** Key and value as text, cut at 80 characters. */
export interface RecordGlance {
  readonly offset: number
  readonly timestampMs: number
  readonly key: string | null
  readonly value: string | null
}

export interface PlanWarning {
  readonly code: WarningCode
  readonly message: string
}

export type WarningCode =
  | 'group-will-be-created'
  | 'group-has-members'
  | 'done-above-dropped'
  | 'metadata-dropped'
  | 'partitions-without-commit'
  | 'outside-of-log'
  | 'records-lost'
  | 'records-not-read'
  | 'moved-since'
  | 'time-in-the-future'
  | 'not-a-group-of-consumers'

export interface MovePlan {
  readonly $schema: string
  readonly version: 1
  /** SHA-256 of all the rest as canonical JSON, in hexadecimal. */
  readonly id: string
  readonly clusterId: string
  readonly group: string
  readonly kind: string
  /** Kafka's name of the state; `Dead`: the group does not exist. */
  readonly state: string
  readonly members: number
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly wish: MoveWish
  readonly changes: readonly PlannedChange[]
  /** The consequences, in a sentence. */
  readonly summary: string
  readonly warnings: readonly PlanWarning[]
  /** Fallbacks that have to be accepted. */
  readonly needs: readonly Fallback[]
  /** What does the same with Kafka's own tool. */
  readonly command: string
}
