/**
 * What is done above the committed offset. It travels in the commit's metadata, so that a crash makes nothing of it happen again:
 *
 * ```
 * tidemark/1 <topic id> <base> <top> <leader epoch> <letters>
 * ```
 * From `base`, which is the committed offset, to below `top` everything is done but the open offsets. The letters (letters.ts) hold k in
 * five bits, then in Rice code with this k how many offsets lie before each open one, and at last before `top`. What does not fit is cut off
 * from the top.
 *
 * Invariant: nothing is called done that is not. A map counts for the topic and the offset that it was made for alone, and for no record
 * that was appended under a later leader: there the log was cut off, and another record stands in the place. Any other text is no map.
 */
import { LetterReader, LetterWriter } from './letters.ts'

export interface Finished {
  /** In Kafka's spelling. */
  readonly topicId: string
  readonly base: number
  readonly top: number
  /** Offsets in [base, top) that are not done, in ascending order. */
  readonly open: readonly number[]
  /** No record that counts was appended under a later one. */
  readonly leaderEpoch: number
}

/** Kafka's `offset.metadata.max.bytes` counts units of UTF-16, whatever its name says. */
export const METADATA_UNITS_MAX = 4096
const NAME = 'tidemark/1'
const PARAMETER_BITS = 5

/** The metadata of a commit at `finished.base`; empty if nothing that says anything fits into so many units of UTF-16. */
export function writeFinished(finished: Finished, unitsMax: number): string {
  const { topicId, base, open, leaderEpoch } = finished
  const head = (top: number): string => `${NAME} ${topicId} ${base} ${top} ${leaderEpoch} `
  const letters = new LetterWriter(unitsMax - head(finished.top).length)
  const k = parameterFor(open.length, finished.top - base)
  let written = letters.number(k, PARAMETER_BITS)
  let top = base
  for (let i = 0, next = base; written && i <= open.length; i++) {
    const end = open[i] ?? finished.top
    written = letters.rice(end - next, k)
    if (written) top = end
    next = end + 1
  }
  return top === base ? '' : head(top) + letters.text
}

/** Undefined: the metadata is empty, somebody else's, or damaged. */
export function finishedIn(metadata: string): Finished | undefined {
  const [name, topicId, ...rest] = metadata.split(' ')
  if (name !== NAME || topicId === undefined || rest.length !== 4) return undefined
  const [base, top, leaderEpoch] = rest.map(Number) as [number, number, number]
  if (![base, top, leaderEpoch].every(Number.isSafeInteger) || base < 0 || top <= base) return undefined
  const letters = new LetterReader(rest[3]!)
  const k = letters.number(PARAMETER_BITS)
  if (k === undefined) return undefined
  const open: number[] = []
  for (let next = base; ; ) {
    const gap = letters.rice(k)
    if (gap === undefined || next + gap > top) return undefined
    if (next + gap === top) return { topicId, base, top, open, leaderEpoch }
    open.push(next + gap)
    next += gap + 1
  }
}

/** Whether a map of so many open offsets in so long a range certainly fits, wherever they lie. */
export const fitsSurely = (open: number, range: number): boolean => {
  const k = parameterFor(open, range)
  return PARAMETER_BITS + (open + 1) * (k + 1) + (range - open) / 2 ** k < 15 * (METADATA_UNITS_MAX - 100)
}

/** The k for gaps that are as long as these are on average. */
function parameterFor(open: number, range: number): number {
  const mean = (range - open) / (open + 1)
  return mean < 1 ? 0 : Math.min(2 ** PARAMETER_BITS - 1, Math.floor(Math.log2(mean)))
}
