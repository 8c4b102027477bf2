/** A log in memory: the batches as they arrived, each with its offsets and its latest time. Read without copying. */
import { TidemarkError } from '@tidemark/platform'
import { type BatchHeader, lastOffsetOf, readBatchHeader } from '@tidemark/protocol'
import type { Latest, Log, LogEvents, LogLimits, RewriteRules, SegmentFacts } from './log.ts'

/** What the broker's own logs may take beyond the limit, of the limit: groups go on where topics are refused. */
const RESERVE = 1 / 8

/** The memory of all logs together. */
export class MemoryBudget {
  readonly bytesMax: number
  used = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  take(bytes: number, isInternal: boolean): void {
    if (this.used + bytes > this.bytesMax * (isInternal ? 1 + RESERVE : 1)) {
      throw new TidemarkError(
        'MEMORY_FULL',
        `the broker holds ${this.used} bytes of records in memory and may hold ${this.bytesMax}: raise memoryBytesMax, delete topics, or give it a folder`,
      )
    }
    this.used += bytes
  }
}

interface Entry {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestampMs: number
  readonly batch: Buffer
}

const entryOf = (batch: Buffer, header: BatchHeader): Entry => ({
  baseOffset: header.baseOffset,
  lastOffset: lastOffsetOf(header),
  maxTimestampMs: header.recordCount > 0 ? header.maxTimestamp : -1,
  batch,
})

/** What a batch costs beside its bytes: its entry and its buffer object. */
const ENTRY_BYTES = 200
/** So much is rewritten before other work has its turn. */
const REWRITTEN_BYTES = 1024 * 1024

export class MemoryLog implements Log {
  readonly #budget: MemoryBudget
  readonly #limits: LogLimits
  readonly #events: LogEvents
  readonly #isInternal: boolean
  #entries: Entry[] = []
  #rolledAt: number[] = [0]
  #sinceRoll = 0
  /** The latest time of the first batch since the last roll. */
  #firstTimestampMs = 0
  start = 0
  end = 0
  bytes = 0

  constructor(budget: MemoryBudget, limits: LogLimits, events: LogEvents, isInternal = false) {
    this.#budget = budget
    this.#limits = limits
    this.#events = events
    this.#isInternal = isInternal
  }

  get sealedTo(): number {
    return this.#rolledAt.at(-1)!
  }

  append(batch: Buffer, header: BatchHeader): void {
    // A small view would keep the whole frame it came in alive.
    const own = batch.length * 2 < batch.buffer.byteLength ? Buffer.from(batch) : batch
    this.#budget.take(own.length + ENTRY_BYTES, this.#isInternal)
    const { segmentBytesMax, segmentMsMax = Number.POSITIVE_INFINITY } = this.#limits
    const isOld = this.#sinceRoll > 0 && header.maxTimestamp - this.#firstTimestampMs > segmentMsMax
    if (isOld || this.#sinceRoll + own.length > segmentBytesMax) this.roll()
    if (this.#sinceRoll === 0) this.#firstTimestampMs = header.maxTimestamp
    this.#sinceRoll += own.length
    this.bytes += own.length
    this.end = lastOffsetOf(header) + 1
    this.#entries.push(entryOf(own, header))
  }

  read(from: number, upTo: number, bytesMax: number): readonly Buffer[] {
    const found: Buffer[] = []
    let bytes = 0
    for (let i = this.#indexOf(from); i < this.#entries.length; i++) {
      const { batch, baseOffset } = this.#entries[i]!
      if (baseOffset >= upTo || (found.length > 0 && bytes + batch.length > bytesMax)) break
      found.push(batch)
      bytes += batch.length
    }
    return found
  }

  roll(): void {
    if (this.#sinceRoll === 0) return
    this.#events.onCheckpoint()
    this.#rolledAt.push(this.end)
    this.#sinceRoll = 0
  }

  /** The first entry whose last offset is `offset` or more. */
  #indexOf(offset: number): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  seekTime(timestampMs: number): number {
    return this.#entries.find((e) => e.maxTimestampMs >= timestampMs)?.baseOffset ?? this.end
  }

  latest(): Latest | undefined {
    let latest: Entry | undefined
    for (const entry of this.#entries) if (latest === undefined || entry.maxTimestampMs > latest.maxTimestampMs) latest = entry
    return latest && { timestampMs: latest.maxTimestampMs, baseOffset: latest.baseOffset }
  }

  segments(): readonly SegmentFacts[] {
    return this.#rolledAt.map((baseOffset, i) => {
      const next = this.#rolledAt[i + 1] ?? Number.POSITIVE_INFINITY
      let bytes = 0
      let maxTimestampMs = Number.NEGATIVE_INFINITY
      for (let e = this.#indexOf(baseOffset); e < this.#entries.length && this.#entries[e]!.baseOffset < next; e++) {
        bytes += this.#entries[e]!.batch.length
        maxTimestampMs = Math.max(maxTimestampMs, this.#entries[e]!.maxTimestampMs)
      }
      return { baseOffset, bytes, maxTimestampMs }
    })
  }

  seal(): void {
    this.roll()
  }

  async rewrite(upTo: number, rules: RewriteRules): Promise<void> {
    for (const { baseOffset, end } of this.#runsBelow(upTo)) {
      const run = this.#entries.slice(this.#indexOf(baseOffset), this.#indexOf(end))
      const left: Entry[] = []
      let bytes = 0
      for (const entry of run) {
        bytes += entry.batch.length
        if (bytes > REWRITTEN_BYTES) {
          bytes = 0
          if (!(await rules.goesOn())) return
        }
        const header = readBatchHeader(entry.batch)
        const batch = rules.rewrite(entry.batch, header, entry.lastOffset + 1 === end)
        if (batch === entry.batch) left.push(entry)
        else if (batch !== undefined) left.push(entryOf(Buffer.from(batch), readBatchHeader(batch)))
      }
      this.#replace(run, left, { baseOffset, end })
      if (!(await rules.goesOn())) return
    }
  }

  /** Full segments that follow each other, as many together as fit into one. */
  *#runsBelow(upTo: number): Generator<{ readonly baseOffset: number; readonly end: number }> {
    const segments = this.segments()
    for (let i = 0; i < segments.length - 1 && segments[i]!.baseOffset < upTo; ) {
      const { baseOffset } = segments[i]!
      let { bytes } = segments[i]!
      for (i++; i < segments.length - 1 && segments[i]!.baseOffset < upTo; i++) {
        bytes += segments[i]!.bytes
        if (bytes > this.#limits.segmentBytesMax) break
      }
      yield { baseOffset, end: segments[i]!.baseOffset }
    }
  }

  /** Unless the run was trimmed meanwhile. */
  #replace(run: readonly Entry[], left: readonly Entry[], { baseOffset, end }: { baseOffset: number; end: number }): void {
    const at = this.#indexOf(baseOffset)
    if (run.length === 0 || this.#entries[at] !== run[0]) return
    this.#release(run)
    for (const { batch } of left) {
      this.bytes += batch.length
      this.#budget.used += batch.length + ENTRY_BYTES
    }
    this.#entries = [...this.#entries.slice(0, at), ...left, ...this.#entries.slice(at + run.length)]
    this.#rolledAt = this.#rolledAt.filter((rolledAt) => rolledAt <= baseOffset || rolledAt >= end)
  }

  trim(offset: number): void {
    while (this.#rolledAt.length > 1 && this.#rolledAt[1]! <= offset) this.#rolledAt.shift()
    const start = this.#rolledAt[0]!
    if (start <= this.start) return
    const gone = this.#entries.splice(0, this.#indexOf(start))
    this.#release(gone)
    this.start = start
  }

  #release(entries: readonly Entry[]): void {
    for (const { batch } of entries) {
      this.bytes -= batch.length
      this.#budget.used -= batch.length + ENTRY_BYTES
    }
  }

  beginAt(offset: number): void {
    this.trim(offset)
    this.start = Math.max(this.start, Math.min(offset, this.end))
  }

  /** Gives its memory back. */
  drop(): void {
    this.#release(this.#entries)
    this.#entries = []
  }

  async sync(): Promise<void> {}
}
