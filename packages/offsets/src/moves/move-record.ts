/** What is on record of a move: before it was begun, and how it ended. Plain data, one JSON file a move. */
import type { Place } from './place.ts'

/**
 * `applying`: begun, and its end was not written down: the process may have been killed; `settleMove` finds out.
 * `applied`: all of it was done and read back. `failed`: none or a part of it; each change says which.
 */
export type MoveState = 'applying' | 'applied' | 'failed' | 'undone'

/** `open`: not known. */
export type ChangeState = 'open' | 'done' | 'refused'

export interface RecordedChange {
  readonly topic: string
  readonly topicId: string | null
  readonly partition: number
  readonly before: Place | null
  readonly after: Place | null
  readonly state: ChangeState
  /** Why it was refused; null: it was not. */
  readonly error: string | null
}

export interface MoveRecord {
  /** Also the name of its file: the time, and a hash. */
  readonly id: string
  readonly planId: string
  readonly clusterId: string
  readonly group: string
  /** What was asked for, as text: `start`, `@2026-11-22T14:00:00.000Z`, `undo of …`. */
  readonly target: string
  readonly atMs: number
  readonly user: string
  readonly reason: string | null
  readonly state: MoveState
  /** The move that this one took back; null: none. */
  readonly undoes: string | null
  readonly changes: readonly RecordedChange[]
}

/** Throws `SyntaxError` for what is not the text of a record. */
export function recordOf(text: string): MoveRecord {
  const value = JSON.parse(text) as Partial<MoveRecord> | null
  const { id, planId, clusterId, group, atMs, state, changes } = value ?? {}
  const isNamed = [id, planId, clusterId, group, state].every((it) => typeof it === 'string') && typeof atMs === 'number'
  if (!isNamed || !Array.isArray(changes)) throw new SyntaxError('it is not the record of a move')
  if (!changes.every(isChange)) throw new SyntaxError('a change in it is damaged')
  return value as MoveRecord
}

const isChange = (change: Partial<RecordedChange> | null): boolean =>
  typeof change?.topic === 'string' && typeof change.partition === 'number' && isPlace(change.before) && isPlace(change.after)

const isPlace = (place: Place | null | undefined): boolean =>
  place === null || (Number.isSafeInteger(place?.offset) && Number.isInteger(place?.leaderEpoch) && typeof place?.metadata === 'string')
