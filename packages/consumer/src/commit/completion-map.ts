/**
 * The completion map: which records above the committed offset are done. It travels in the commit's metadata, so that
 * a crash repeats none of them:
 *
 * ```
 * tidemark/1 <topic id> <base> <top> <leader epoch> <bits as text>
 * ```
 * `base` is the committed offset. From `base` to below `top` every record is done except the open offsets. The bits
 * (text-bits.ts) hold k in five bits, then, in Rice code with this k, how many offsets lie before each open one, and
 * at last before `top`. What does not fit is cut off from the top.
 *
 * Invariant: the map never calls a record done that is not. It is valid for its topic id and its offset alone, and
 * for no record appended under a later leader: there the log was truncated, and another record has the offset. Any
 * other text is not a map.
 */
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
}

/** Kafka's `offset.metadata.max.bytes` counts UTF-16 units, in spite of its name. */
export const METADATA_UNITS_MAX = 4096
const NAME = 'tidemark/1'
const PARAMETER_BITS = 5

/** The metadata of a commit at `map.base`; empty if nothing useful fits into `unitsMax` UTF-16 units. */
export function writeCompletionMap(map: CompletionMap, unitsMax: number): string {
  const { topicId, base, open, leaderEpoch } = map
  const head = (top: number): string => `${NAME} ${topicId} ${base} ${top} ${leaderEpoch} `
  const bits = new TextBitsWriter(unitsMax - head(map.top).length)
  const k = riceParameterFor(open.length, map.top - base)
  let written = bits.number(k, PARAMETER_BITS)
  let top = base
  for (let i = 0, next = base; written && i <= open.length; i++) {
    const end = open[i] ?? map.top
    written = bits.rice(end - next, k)
    if (written) top = end
    next = end + 1
  }
  return top === base ? '' : head(top) + bits.text
}

/** Undefined: the metadata is empty, another program's, or damaged. */
export function readCompletionMap(metadata: string): CompletionMap | undefined {
  const [name, topicId, ...rest] = metadata.split(' ')
  if (name !== NAME || topicId === undefined || rest.length !== 4) return undefined
  const [base, top, leaderEpoch] = rest.map(Number) as [number, number, number]
  if (![base, top, leaderEpoch].every(Number.isSafeInteger) || base < 0 || top <= base) return undefined
  const bits = new TextBitsReader(rest[3]!)
  const k = bits.number(PARAMETER_BITS)
  if (k === undefined) return undefined
  const open: number[] = []
  for (let next = base; ; ) {
    const gap = bits.rice(k)
    if (gap === undefined || next + gap > top) return undefined
    if (next + gap === top) return { topicId, base, top, open, leaderEpoch }
    open.push(next + gap)
    next += gap + 1
  }
}

/** Whether a map of this many open offsets in a range of this length always fits, wherever they lie. */
export const fitsInMetadata = (open: number, range: number): boolean => {
  const k = riceParameterFor(open, range)
  return PARAMETER_BITS + (open + 1) * (k + 1) + (range - open) / 2 ** k < 15 * (METADATA_UNITS_MAX - 100)
}

/** The k for gaps of the average length. */
function riceParameterFor(open: number, range: number): number {
  const mean = (range - open) / (open + 1)
  return mean < 1 ? 0 : Math.min(2 ** PARAMETER_BITS - 1, Math.floor(Math.log2(mean)))
}
