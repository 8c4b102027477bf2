/**
 * The segments of a log in the order of their offsets. The last one is written to; all others are sealed: their bytes
 * never change, and they are replaced as a whole, by others of the same offsets (compaction) or by none (retention).
 *
 * The list is replaced, never cut in place: what looked at it before an `await` still has the list that it looked at.
 */
import type { Segment } from './segment.ts'

export class Segments {
  #list: readonly Segment[]

  constructor(list: readonly Segment[]) {
    this.#list = list
  }

  get all(): readonly Segment[] {
    return this.#list
  }

  /** The one that is written to; undefined: nothing was ever written. */
  get active(): Segment | undefined {
    return this.#list.at(-1)
  }

  /** The offset behind the last record; 0 if nothing was ever written. */
  get end(): number {
    return this.active?.loaded?.nextOffset ?? 0
  }

  get bytes(): number {
    return this.#list.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  includes(segment: Segment): boolean {
    return this.#list.includes(segment)
  }

  /** The segment that may hold the offset: the first one for an offset below all of them. */
  at(offset: number): Segment | undefined {
    return this.#list.findLast((s) => s.baseOffset <= offset) ?? this.#list[0]
  }

  /** The next one in the log as it is now, also if `segment` is gone meanwhile. */
  after(segment: Segment): Segment | undefined {
    return this.#list.find((s) => s.baseOffset > segment.baseOffset)
  }

  /** Sealed segments that end at or below the offset. */
  below(offset: number): readonly Segment[] {
    return this.#list.filter((_, i) => i + 1 < this.#list.length && this.#list[i + 1]!.baseOffset <= offset)
  }

  /** Begins a new segment behind all others. */
  push(segment: Segment): void {
    this.#list = [...this.#list, segment]
  }

  /** Puts `by` in the place of sealed segments that follow each other. */
  replace(sealed: readonly Segment[], by: readonly Segment[]): void {
    const [first] = sealed
    if (first === undefined) return
    const at = this.#list.indexOf(first)
    const isRun = at >= 0 && sealed.every((segment, i) => this.#list[at + i] === segment) && at + sealed.length < this.#list.length
    if (!isRun) throw new Error(`the segments from ${first.baseOffset} on are not sealed segments of this log that follow each other`)
    this.#list = [...this.#list.slice(0, at), ...by, ...this.#list.slice(at + sealed.length)]
  }
}

/** An entry of the index holds offset and position relative to the segment as uint32. */
export const RELATIVE_MAX = 2 ** 32 - 1

/** Sealed segments that follow each other and are rewritten as one, and the offset at which they end. */
export interface Run {
  readonly run: readonly Segment[]
  readonly end: number
}

/**
 * Those that begin below `upTo`, as many together as fit into one segment before they are rewritten (Kafka's
 * `Cleaner`).
 */
export function runsOf(segments: readonly Segment[], upTo: number, bytesMax: number): Run[] {
  const runs: Run[] = []
  let run: Segment[] = []
  let bytes = 0
  const endRun = (end: number): void => {
    if (run.length > 0) runs.push({ run, end })
    run = []
    bytes = 0
  }
  for (let i = 0; i < segments.length - 1 && segments[i]!.baseOffset < upTo; i++) {
    const segment = segments[i]!
    const end = segments[i + 1]!.baseOffset
    const fits = run.length === 0 || (bytes + segment.bytes <= bytesMax && end - 1 - run[0]!.baseOffset <= RELATIVE_MAX)
    if (!fits) endRun(segment.baseOffset)
    run.push(segment)
    bytes += segment.bytes
  }
  const next = segments.find(({ baseOffset }) => baseOffset > (run.at(-1)?.baseOffset ?? Number.POSITIVE_INFINITY))
  if (next !== undefined) endRun(next.baseOffset)
  return runs
}
