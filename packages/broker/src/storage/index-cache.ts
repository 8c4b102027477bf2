/**
 * The indexes of full segments that are in memory, of all logs together: the one owner of what was loaded. Within its
 * budget those that were used last stay; the others are read again from their files when they are needed. The index
 * of a segment that is written to belongs to its log and is not counted here.
 */
import type { Now } from '@tidemark/platform'
import { after } from '../now.ts'
import type { LogEnvironment } from './file-log.ts'
import type { Segment, Summary } from './segment.ts'
import type { SegmentIndex } from './segment-index.ts'

export class IndexCache {
  readonly #bytesMax: number
  /** In the order of their last use, each with the bytes that it is counted with. */
  readonly #kept = new Map<Segment, number>()
  #bytes = 0

  /** Keeps at most `bytesMax`; what was used last is kept however large. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * The index of a full segment. An index that is being written to its files is not counted yet: it could not be read
   * again.
   */
  of(segment: Segment, environment: LogEnvironment): Now<SegmentIndex> {
    if (segment.isSaving) return segment.index(environment)
    return after(segment.index(environment), (index) => {
      this.keep(segment)
      return index
    })
  }

  /** The latest time in a full segment, and where: an index that is read for this alone is not kept. */
  summaryOf(segment: Segment, environment: LogEnvironment): Now<Summary> {
    if (segment.summary !== undefined) return segment.summary
    return after(segment.index(environment), () => {
      const { summary } = segment
      if (!this.#kept.has(segment)) segment.unload()
      return summary!
    })
  }

  /** Takes over the index of a segment that is full now. */
  keep(segment: Segment): void {
    const { loaded } = segment
    if (loaded === undefined) return
    this.forget(segment)
    this.#kept.set(segment, loaded.memoryBytes)
    this.#bytes += loaded.memoryBytes
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === segment) break
      this.forget(oldest)
      oldest.unload()
    }
  }

  /** The segment goes. */
  forget(segment: Segment): void {
    this.#bytes -= this.#kept.get(segment) ?? 0
    this.#kept.delete(segment)
  }
}
