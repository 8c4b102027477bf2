/** What a group has committed for one partition, whole: what a move replaces, and what undo gives back. */
export interface Place {
  readonly offset: number
  /** -1: it was committed without one. */
  readonly leaderEpoch: number
  /** As it was committed, character for character. */
  readonly metadata: string
}

/** Null: nothing is committed. */
export function samePlace(a: Place | null, b: Place | null): boolean {
  if (a === null || b === null) return a === b
  return a.offset === b.offset && a.leaderEpoch === b.leaderEpoch && a.metadata === b.metadata
}
