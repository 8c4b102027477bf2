import type { GroupRow, LiveEvent } from '../../../src/shapes.ts'

type Changes = Extract<LiveEvent, { kind: 'groups' }>

export function applyChanges(
  old: ReadonlyMap<string, GroupRow> | undefined,
  { whole, rows, gone }: Changes,
): ReadonlyMap<string, GroupRow> {
  if (!whole && rows.length === 0 && gone.length === 0 && old !== undefined) return old
  const next = new Map(whole ? [] : old)
  for (const row of rows) next.set(row.group, row)
  for (const group of gone) next.delete(group)
  return next
}

export type SortKey = 'worst' | 'group' | 'state' | 'open' | 'age' | 'eta' | 'runway' | 'skew'
const KEYS: readonly string[] = ['worst', 'group', 'state', 'open', 'age', 'eta', 'runway', 'skew']
export const isSortKey = (text: string | null): text is SortKey => text !== null && KEYS.includes(text)

/**
 * Rows that cannot be read, or that the doctor finds an error in, then those whose records are deleted unread soonest,
 * wait longest, are most.
 */
export function sorted(rows: GroupRow[], key: SortKey, hasError: (group: string) => boolean = () => false): GroupRow[] {
  const byName = (a: GroupRow, b: GroupRow): number => (a.group < b.group ? -1 : 1)
  const down = (of: (row: GroupRow) => number | null) => (a: GroupRow, b: GroupRow) => (of(b) ?? -1) - (of(a) ?? -1) || byName(a, b)
  const up = (of: (row: GroupRow) => number | null) => (a: GroupRow, b: GroupRow) =>
    (of(a) ?? Infinity) - (of(b) ?? Infinity) || byName(a, b)
  const orders: Record<SortKey, (a: GroupRow, b: GroupRow) => number> = {
    worst: (a, b) =>
      b.unreadable - a.unreadable ||
      Number(hasError(b.group)) - Number(hasError(a.group)) ||
      urgency(b) - urgency(a) ||
      (b.ageMs?.value ?? 0) - (a.ageMs?.value ?? 0) ||
      (b.open ?? 0) - (a.open ?? 0) ||
      byName(a, b),
    group: byName,
    state: (a, b) => (a.state < b.state ? -1 : a.state > b.state ? 1 : byName(a, b)),
    open: down((r) => r.open),
    age: down((r) => r.ageMs?.value ?? null),
    eta: down((r) => r.etaMs?.value ?? null),
    runway: up((r) => r.runwayMs?.value ?? null),
    skew: down((r) => r.skew),
  }
  return rows.sort(orders[key])
}

const DAY_MS = 86_400_000
/** Within a day, runway counts more than anything else. */
const urgency = ({ runwayMs }: GroupRow): number => (runwayMs === null || runwayMs.value > DAY_MS ? 0 : DAY_MS - runwayMs.value)
