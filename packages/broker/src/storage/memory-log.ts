/** A log in memory: the batches as they arrived, each with its offsets and its latest time. Read without copying. */
import { TidemarkError } from '@tidemark/platform'
import { type BatchHeader, lastOffsetOf } from '@tidemark/protocol'
import type { Latest, Log, LogEvents, LogLimits, SegmentFacts } from './log.ts'

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

/** What a batch costs beside its bytes: its entry and its buffer object. */
const ENTRY_BYTES = 200

export class MemoryLog implements Log {
  readonly #budget: MemoryBudget
  readonly #limits: LogLimits
  readonly #events: LogEvents
  readonly #isInternal: boolean
  #entries: Entry[] = []
  #rolledAt: number[] = [0]
  #sinceRoll = 0
  start = 0
  end = 0
  bytes = 0

  constructor(budget: MemoryBudget, limits: LogLimits, events: LogEvents, isInternal = false) {
    this.#budget = budget
    this.#limits = limits
    this.#events = events
    this.#isInternal = isInternal
  }

  append(batch: Buffer, header: BatchHeader): void {
    // A small view would keep the whole frame it came in alive.
    const own = batch.length * 2 < batch.buffer.byteLength ? Buffer.from(batch) : batch
    this.#budget.take(own.length + ENTRY_BYTES, this.#isInternal)
    if (this.#sinceRoll + own.length > this.#limits.segmentBytesMax) this.roll()
    this.#sinceRoll += own.length
    this.bytes += own.length
    this.end = lastOffsetOf(header) + 1
    this.#entries.push({ baseOffset: header.baseOffset, lastOffset: this.end - 1, maxTimestampMs: header.maxTimestamp, batch: own })
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

  /** Gives its memory back. */
  drop(): void {
    this.#release(this.#entries)
    this.#entries = []
  }

  async sync(): Promise<void> {}
}
