/**
 * The completion map: which records above the committed offset are done, and what is known of those that are not. It
 * travels in the commit's metadata, so that a crash repeats none of the former and forgets none of the latter:
 *
 * ```
 * tidemark/1 <topic id> <base> <top> <leader epoch> <bits as text>
 * tidemark/2 <topic id> <base> <top> <leader epoch> <bits as text> <notes> <holder>
 * ```
 * `base` is the committed offset. From `base` to below `top` every record is done except the open offsets. The bits
 * (text-bits.ts) hold k in five bits, then, in Rice code with this k, how many offsets lie before each open one, and
 * at last before `top`. What does not fit is cut off from the top. Version 2 is written where there are notes
 * (notes.ts), or a holder: the run that works on the partition, and takes its name back when it hands the partition
 * over. There `-` stands for what is empty, and `top` may be `base`.
 *
 * Invariant: the map never calls a record done that is not. It is valid for its topic id and its offset alone, and
 * for no record appended under a later leader: there the log was truncated, and another record has the offset. Any
 * other text is not a map.
 */
import { describe, TidemarkError } from '@tidemark/platform'
import { type RecordNote, readNotes, writeNotes } from './notes.ts'
import { TextBitsReader, TextBitsWriter } from './text-bits.ts'

export interface CompletionMap {
  /** In Kafka's spelling. */
  readonly topicId: string
  readonly base: number
  readonly top: number
  /** Offsets in [base, top) that are not done, in ascending order. */
  readonly open: readonly number[]
  /** The newest leader epoch of the records that the map covers. */
  readonly leaderEpoch: number
  /** What is known of records that are not done, in ascending order of their offsets. */
  readonly notes: readonly RecordNote[]
  /** The run that works on the partition and has not handed it over; undefined: none says so. */
  readonly holder: string | undefined
}

/** Kafka's `offset.metadata.max.bytes` counts UTF-16 units, in spite of its name. */
export const METADATA_UNITS_MAX = 4096
const NAME = 'tidemark/1'
const NAME_WITH_NOTES = 'tidemark/2'
const NONE = '-'
/** What notes and holder may take; the rest is for what is done. */
const NOTES_UNITS_MAX = 600
/** What stands before the bits. */
const HEAD_UNITS_MAX = 100
const PARAMETER_BITS = 5

/** The metadata of a commit at `map.base`; empty if nothing useful fits into `unitsMax` UTF-16 units. */
export function writeCompletionMap(map: CompletionMap, unitsMax: number): string {
  const { topicId, base, leaderEpoch, notes, holder } = map
  const isPlain = notes.length === 0 && holder === undefined
  const head = (top: number): string => `${isPlain ? NAME : NAME_WITH_NOTES} ${topicId} ${base} ${top} ${leaderEpoch} `
  const own = holder ?? NONE
  const notesMax = Math.min(NOTES_UNITS_MAX, unitsMax - head(map.top).length - NONE.length) - own.length - 2
  const tail = isPlain ? '' : ` ${writeNotes(notes, base, notesMax)} ${own}`
  const { top, text } = writeBits(map, unitsMax - head(map.top).length - tail.length)
  if (isPlain) return top === base ? '' : head(top) + text
  const whole = head(top) + (top === base ? NONE : text) + tail
  return whole.length <= unitsMax ? whole : ''
}

/** As much of the map as fits, and where it ends. */
function writeBits({ base, open, top: end }: CompletionMap, unitsMax: number): { readonly top: number; readonly text: string } {
  const bits = new TextBitsWriter(unitsMax)
  const k = riceParameterFor(open.length, end - base)
  let written = end > base && bits.number(k, PARAMETER_BITS)
  let top = base
  for (let i = 0, next = base; written && i <= open.length; i++) {
    const gapEnd = open[i] ?? end
    written = bits.rice(gapEnd - next, k)
    if (written) top = gapEnd
    next = gapEnd + 1
  }
  return { top, text: bits.text }
}

/** Undefined: the metadata is empty, another program's, or damaged. */
export function readCompletionMap(metadata: string): CompletionMap | undefined {
  if (typeof metadata !== 'string') throw new TidemarkError('INVALID_ARGUMENT', `the metadata is ${describe(metadata)}; it must be text`)
  const [name, topicId, ...rest] = metadata.split(' ')
  const hasNotes = name === NAME_WITH_NOTES
  if ((name !== NAME && !hasNotes) || topicId === undefined || rest.length !== (hasNotes ? 6 : 4)) return undefined
  const [base, top, leaderEpoch] = rest.map(Number) as [number, number, number]
  if (![base, top, leaderEpoch].every(Number.isSafeInteger) || base < 0 || top < base || (top === base && !hasNotes)) return undefined
  const open = top === base ? (rest[3] === NONE ? [] : undefined) : readBits(rest[3]!, base, top)
  const notes = hasNotes ? readNotes(rest[4]!, base) : []
  if (open === undefined || notes === undefined || rest[5] === '') return undefined
  return { topicId, base, top, open, leaderEpoch, notes, holder: rest[5] === NONE ? undefined : rest[5] }
}

/** The open offsets; undefined: the text is damaged. */
function readBits(text: string, base: number, top: number): readonly number[] | undefined {
  const bits = new TextBitsReader(text)
  const k = bits.number(PARAMETER_BITS)
  if (k === undefined) return undefined
  const open: number[] = []
  for (let next = base; ; ) {
    const gap = bits.rice(k)
    if (gap === undefined || next + gap > top) return undefined
    if (next + gap === top) return open
    open.push(next + gap)
    next += gap + 1
  }
}

/** Whether a map of this many open offsets in a range of this length always fits, wherever they lie. */
export const fitsInMetadata = (open: number, range: number): boolean => {
  const k = riceParameterFor(open, range)
  return PARAMETER_BITS + (open + 1) * (k + 1) + (range - open) / 2 ** k < 15 * (METADATA_UNITS_MAX - HEAD_UNITS_MAX - NOTES_UNITS_MAX)
}

/** The k for gaps of the average length. */
function riceParameterFor(open: number, range: number): number {
  const mean = (range - open) / (open + 1)
  return mean < 1 ? 0 : Math.min(2 ** PARAMETER_BITS - 1, Math.floor(Math.log2(mean)))
}
