/**
 * Where the records around a committed offset are in another log that holds the same records in the same order. Pure:
 * the records of both sides are given.
 */

/** A record by what it says: key, value, headers and time. Copies have the same one, and so have equal records. */
export type Fingerprint = string

export interface LocatedRecord {
  readonly offset: number
  readonly fingerprint: Fingerprint
}

export interface Neighbours {
  /** The records below the committed offset, in order, the nearest one last. */
  readonly before: readonly LocatedRecord[]
  /** The records from the committed offset on, in order. */
  readonly after: readonly LocatedRecord[]
}

export type Found =
  /** One place alone has these neighbours. */
  | { readonly kind: 'exact'; readonly offset: number }
  /** Several have: the group is at one of them, or between. */
  | { readonly kind: 'several'; readonly first: number; readonly last: number }
  | { readonly kind: 'none' }

/**
 * `log` holds records of the other side in order. A place matches if all the neighbours that the other side can have
 * follow and precede it: those at the ends of what was read may be missing, on either side.
 */
export function findPlace(log: readonly LocatedRecord[], { before, after }: Neighbours): Found {
  if (before.length + after.length === 0) return { kind: 'none' }
  const places: number[] = []
  for (let i = 0; i <= log.length; i++) {
    const matchesAfter = after.every((record, k) => i + k >= log.length || log[i + k]!.fingerprint === record.fingerprint)
    const matchesBefore = before.every((_, k) => {
      const at = i - 1 - k
      return at < 0 || log[at]!.fingerprint === before[before.length - 1 - k]!.fingerprint
    })
    if (matchesAfter && matchesBefore && touches(log, i, after.length, before.length)) places.push(offsetAt(log, i))
  }
  if (places.length === 0) return { kind: 'none' }
  return places.length === 1 ? { kind: 'exact', offset: places[0]! } : { kind: 'several', first: places[0]!, last: places.at(-1)! }
}

/** At least one neighbour was really compared. */
const touches = (log: readonly LocatedRecord[], i: number, after: number, before: number): boolean =>
  (after > 0 && i < log.length) || (before > 0 && i > 0)

/** The offset of the record, or the one behind the last. */
const offsetAt = (log: readonly LocatedRecord[], i: number): number => (i < log.length ? log[i]!.offset : log[i - 1]!.offset + 1)
