/**
 * What is known of single records that are not done: how often they were tried, and whether a process died while it
 * handled them. It travels with the completion map:
 *
 * ```
 * <gap>.<attempts>.<deaths><start>,…
 * ```
 * in ascending order of the offsets; all numbers in base 36. `gap` is the distance from the offset before, or from the
 * base. `start`: `B` or `A` if a call has begun and was put on record before (beside others of the kind, or alone), `X`
 * if the record is condemned, nothing otherwise. Pure.
 */

export type NotedStart =
  /** A call may be under way, as one of several that were put on record. */
  | 'beside'
  /** A call may be under way, the only one that was put on record in its process. */
  | 'alone'
  /** The record is not handled any more: it has killed too many processes. */
  | 'condemned'

export interface RecordNote {
  readonly offset: number
  /** Attempts that have failed, or whose process died. */
  readonly attempts: number
  /** Processes that died while the record's call was on record. */
  readonly deaths: number
  readonly start: NotedStart | undefined
}

const LETTERS: Readonly<Record<NotedStart, string>> = { beside: 'B', alone: 'A', condemned: 'X' }
const STARTS: ReadonlyMap<string, NotedStart> = new Map([
  ['B', 'beside'],
  ['A', 'alone'],
  ['X', 'condemned'],
])
const NONE = '-'

/** As many notes as fit into `unitsMax`: first those of deaths and starts, then those of attempts, the oldest first. */
export function writeNotes(notes: readonly RecordNote[], base: number, unitsMax: number): string {
  const sorted = [...notes].sort((a, b) => a.offset - b.offset)
  const isGrave = (note: RecordNote): boolean => note.start !== undefined || note.deaths > 0
  const kept = new Set<RecordNote>()
  let left = unitsMax
  for (const note of [...sorted.filter(isGrave), ...sorted.filter((n) => !isGrave(n))]) {
    left -= textOf(note, base).length + 1 // a gap is never longer than the distance from the base
    if (left < 0) break
    kept.add(note)
  }
  if (kept.size === 0) return NONE
  let before = base
  const texts = sorted
    .filter((note) => kept.has(note))
    .map((note) => {
      const text = textOf(note, before)
      before = note.offset
      return text
    })
  return texts.join(',')
}

const textOf = ({ offset, attempts, deaths, start }: RecordNote, before: number): string =>
  `${(offset - before).toString(36)}.${attempts.toString(36)}.${deaths.toString(36)}${start === undefined ? '' : LETTERS[start]}`

/** Undefined: the text is damaged, or another program's. */
export function readNotes(text: string, base: number): readonly RecordNote[] | undefined {
  if (text === NONE) return []
  const notes: RecordNote[] = []
  let offset = base
  for (const [i, part] of text.split(',').entries()) {
    const match = /^([0-9a-z]{1,11})\.([0-9a-z]{1,6})\.([0-9a-z]{1,6})([BAX]?)$/.exec(part)
    if (match === null) return undefined
    const [gap, attempts, deaths] = match.slice(1, 4).map((digits) => Number.parseInt(digits, 36)) as [number, number, number]
    offset += gap
    if ((i > 0 && gap === 0) || !Number.isSafeInteger(offset)) return undefined
    notes.push({ offset, attempts, deaths, start: STARTS.get(match[4]!) })
  }
  return notes
}
