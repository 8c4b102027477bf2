/**
 * Reads the segments of a log: batches by offset, offsets by time, and what each segment holds. Readers stay below
 * what is finished.
 */
import { DiskError, type Now } from '@tidemark/platform'
import { after, allOf, attempt } from '../now.ts'
import { cutBatches, damaged, type Source } from './cut-batches.ts'
import type { LogEnvironment } from './file-log.ts'
import type { Latest, SegmentFacts } from './log.ts'
import type { Segment, Summary } from './segment.ts'
import type { SegmentIndex } from './segment-index.ts'
import type { Segments } from './segments.ts'

/** What one read takes at most; a larger batch is read alone. */
const READ_BYTES_MAX = 4 * 1024 * 1024
/** What is read to find a batch behind the index entry before it. */
const READ_BYTES_MIN = 8 * 1024
/** A reader that reads so much at once reads on. */
const READ_AHEAD_BYTES_MIN = 64 * 1024

export class SegmentReader {
  readonly #segments: Segments
  readonly #environment: LogEnvironment

  constructor(segments: Segments, environment: LogEnvironment) {
    this.#segments = segments
    this.#environment = environment
  }

  /** Whole batches from the one that holds `from`, an offset of the log; none that begins at `upTo` or later. */
  read(from: number, upTo: number, bytesMax: number): Now<readonly Buffer[]> {
    return this.#readIn(this.#segments.at(from), from, upTo, Math.min(bytesMax, READ_BYTES_MAX))
  }

  #readIn(segment: Segment | undefined, from: number, upTo: number, bytesMax: number): Now<readonly Buffer[]> {
    if (segment === undefined) return []
    return attempt(
      () => this.#readFrom(segment, from, upTo, bytesMax),
      (error) => {
        // It was replaced or forgotten meanwhile, and its file is gone.
        const isGone = error instanceof DiskError && error.code === 'ENOENT' && !this.#segments.includes(segment)
        if (!isGone) throw error
        const now = this.#segments.at(from)
        return now !== undefined && now.baseOffset <= from ? this.#readIn(now, from, upTo, bytesMax) : []
      },
    )
  }

  #readFrom(segment: Segment, from: number, upTo: number, bytesMax: number): Now<readonly Buffer[]> {
    return after(this.#indexOf(segment), (index) => {
      const position = segment.positionOf(from, index)
      return after(this.#readAt(segment, position, from, upTo, bytesMax), (found) =>
        found === undefined ? this.#readIn(this.#segments.after(segment), from, upTo, bytesMax) : found.length === 0 ? [] : [found],
      )
    })
  }

  /** Undefined: no batch of the segment ends at `from` or later. */
  #readAt(segment: Segment, position: number, from: number, upTo: number, bytesMax: number): Now<Buffer | undefined> {
    const left = segment.bytes - position
    if (left <= 0) return undefined
    const want = Math.min(left, Math.max(bytesMax, READ_BYTES_MIN))
    return after(this.#readNext(segment, position, want), (chunk) => {
      const cut = cutBatches(chunk, from, upTo, bytesMax, this.#sourceOf(segment, position))
      if (cut.kind !== 'found') this.#environment.reads.give(chunk)
      switch (cut.kind) {
        case 'found':
          segment.remember(cut.nextOffset, position + cut.end)
          if (want >= READ_AHEAD_BYTES_MIN && upTo === this.#segments.end) this.#readAhead(segment, position + cut.end, want)
          return chunk.subarray(cut.begin, cut.end)
        case 'beyond':
          return Buffer.alloc(0)
        case 'larger':
          return this.#readBatch(segment, position + cut.begin, cut.size)
        case 'further':
          return this.#readAt(segment, position + cut.begin, from, upTo, bytesMax)
      }
    })
  }

  #readBatch(segment: Segment, position: number, size: number): Now<Buffer> {
    return after(this.#readBytes(segment, position, size), (bytes) => {
      if (bytes.length === size) return bytes
      this.#environment.reads.give(bytes)
      throw damaged({ path: segment.path, position }, 0)
    })
  }

  /** After the chunk was read: what was appended meanwhile may be in it. */
  #sourceOf(segment: Segment, position: number): Source {
    const { path, bytes, baseOffset } = segment
    return { path, position, bytes, baseOffset, endOffset: this.#segments.after(segment)?.baseOffset ?? this.#segments.end }
  }

  #readNext(segment: Segment, position: number, length: number): Now<Buffer> {
    const ahead = this.#environment.ahead.take(segment.path, position)
    if (ahead === undefined) return this.#readBytes(segment, position, length)
    return ahead.then((bytes) => bytes ?? this.#readBytes(segment, position, length))
  }

  /** Everything in the segment is written. */
  #readAhead(segment: Segment, position: number, bytesMax: number): void {
    const length = Math.min(segment.bytes - position, bytesMax)
    if (length < READ_AHEAD_BYTES_MIN) return
    this.#environment.ahead.begin(segment.path, position, length, () => this.#readBytes(segment, position, length))
  }

  #readBytes(segment: Segment, position: number, length: number): Now<Buffer> {
    return this.#environment.files.use(segment.path, 'write', (file) => file.read(position, length, this.#environment.reads.borrow(length)))
  }

  /** An offset before which no record has this time or a later one. Undefined: no record has. */
  seekTime(timestampMs: number): Now<number | undefined> {
    return this.#seekTimeIn(this.#segments.all[0], timestampMs)
  }

  #seekTimeIn(segment: Segment | undefined, timestampMs: number): Now<number | undefined> {
    if (segment === undefined) return undefined
    return after(this.#summaryOf(segment), ({ maxTimestampMs }) =>
      maxTimestampMs >= timestampMs
        ? after(this.#indexOf(segment), (index) => index.offsetByTime(timestampMs))
        : this.#seekTimeIn(this.#segments.after(segment), timestampMs),
    )
  }

  /** The index of the segment that is written to is in memory. */
  #indexOf(segment: Segment): Now<SegmentIndex> {
    return segment === this.#segments.active ? segment.index(this.#environment) : this.#environment.indexes.of(segment, this.#environment)
  }

  #summaryOf(segment: Segment): Now<Summary> {
    return segment === this.#segments.active
      ? segment.index(this.#environment)
      : this.#environment.indexes.summaryOf(segment, this.#environment)
  }

  latest(): Now<Latest | undefined> {
    const segments = this.#segments.all.filter((s) => s.bytes > 0)
    return after(allOf(segments.map((s) => this.#summaryOf(s))), (summaries) => {
      let latest: Latest | undefined
      for (const { maxTimestampMs, maxTimestampOffset } of summaries) {
        const later = latest === undefined || maxTimestampMs > latest.timestampMs
        if (later) latest = { timestampMs: maxTimestampMs, baseOffset: maxTimestampOffset }
      }
      return latest
    })
  }

  facts(): Now<readonly SegmentFacts[]> {
    const segments = this.#segments.all
    return after(allOf(segments.map((s) => this.#summaryOf(s))), (summaries) =>
      summaries.map(({ maxTimestampMs }, i) => ({ baseOffset: segments[i]!.baseOffset, bytes: segments[i]!.bytes, maxTimestampMs })),
    )
  }
}
