/**
 * The sparse index of a segment: positions of batches, and the latest time before each. One entry for every
 * `indexIntervalBytes`.
 *
 * In memory it always covers the whole segment. On disk it is two files, `.index` and `.timeindex`, which say how
 * many bytes of the log they cover; they are written only after these bytes were synced, so a crash needs to read
 * nothing below that again. Both are disposable: a segment without them is read once.
 *
 * ```
 * .index      0 covered bytes int64   8 next offset int64   16 latest time int64   24 its batch's offset int64   32 entries int32
 *            36 full int8 (1: nothing follows in this segment)   37 per entry: offset − base offset uint32, position uint32
 * .timeindex  0 covered bytes int64   8 entries int32
 *            12 per entry: the latest time before it int64, offset − base offset uint32
 * ```
 * Both stand in an envelope with a CRC (sealed.ts).
 */
import { type BatchHeader, int53, lastOffsetOf, putInt53 } from '@tidemark/protocol'

const INDEX_HEAD = 37
const INDEX_ENTRY = 8
const TIME_HEAD = 12
const TIME_ENTRY = 12
const OBJECT_BYTES = 300
const ENTRY_MEMORY_BYTES = 24
/** Before the first record. */
const NO_TIME = -1

export interface EncodedIndex {
  readonly bytes: number
  readonly index: Buffer
  readonly timeIndex: Buffer
}

export class SegmentIndex {
  readonly baseOffset: number
  readonly #intervalBytes: number
  readonly #offsets: number[] = []
  readonly #positions: number[] = []
  /** The latest time of all records before the entry. */
  readonly #timesBefore: number[] = []
  /** Bytes of the log that it covers: all of them. */
  bytes = 0
  nextOffset: number
  maxTimestampMs = NO_TIME
  maxTimestampOffset: number
  /** What it covers is all that the segment will ever hold. */
  isFull = false

  constructor(baseOffset: number, intervalBytes: number) {
    this.baseOffset = baseOffset
    this.nextOffset = baseOffset
    this.maxTimestampOffset = baseOffset
    this.#intervalBytes = intervalBytes
  }

  get entries(): number {
    return this.#offsets.length
  }

  /** What it takes in memory, about: three numbers an entry. */
  get memoryBytes(): number {
    return OBJECT_BYTES + this.entries * ENTRY_MEMORY_BYTES
  }

  /** Takes in the batch that lies at `bytes`. */
  add(header: BatchHeader): void {
    const last = this.#positions.at(-1)
    if (last === undefined || this.bytes - last >= this.#intervalBytes) {
      this.#offsets.push(header.baseOffset - this.baseOffset)
      this.#positions.push(this.bytes)
      this.#timesBefore.push(this.maxTimestampMs)
    }
    const hasTime = header.recordCount > 0 && Number.isSafeInteger(header.maxTimestamp)
    if (hasTime && header.maxTimestamp > this.maxTimestampMs) {
      this.maxTimestampMs = header.maxTimestamp
      this.maxTimestampOffset = header.baseOffset
    }
    this.bytes += header.size
    this.nextOffset = lastOffsetOf(header) + 1
  }

  /** A position at or before the batch that holds `offset`. */
  positionOf(offset: number): number {
    const i = lastBelow(this.#offsets, (o) => o <= offset - this.baseOffset)
    return i < 0 ? 0 : this.#positions[i]!
  }

  /** An offset before which no record has this time or a later one. */
  offsetByTime(timestampMs: number): number {
    const i = lastBelow(this.#timesBefore, (t) => t < timestampMs)
    return this.baseOffset + (i < 0 ? 0 : this.#offsets[i]!)
  }

  encode(): EncodedIndex {
    const count = this.entries
    const index = Buffer.allocUnsafe(INDEX_HEAD + count * INDEX_ENTRY)
    const timeIndex = Buffer.allocUnsafe(TIME_HEAD + count * TIME_ENTRY)
    putInt53(index, 0, this.bytes)
    putInt53(index, 8, this.nextOffset)
    putInt53(index, 16, this.maxTimestampMs)
    putInt53(index, 24, this.maxTimestampOffset)
    index.writeInt32BE(count, 32)
    index.writeInt8(this.isFull ? 1 : 0, 36)
    putInt53(timeIndex, 0, this.bytes)
    timeIndex.writeInt32BE(count, 8)
    for (let i = 0; i < count; i++) {
      index.writeUInt32BE(this.#offsets[i]!, INDEX_HEAD + i * INDEX_ENTRY)
      index.writeUInt32BE(this.#positions[i]!, INDEX_HEAD + i * INDEX_ENTRY + 4)
      putInt53(timeIndex, TIME_HEAD + i * TIME_ENTRY, this.#timesBefore[i]!)
      timeIndex.writeUInt32BE(this.#offsets[i]!, TIME_HEAD + i * TIME_ENTRY + 8)
    }
    return { bytes: this.bytes, index, timeIndex }
  }

  /** Undefined: the two do not belong together. */
  static decode(baseOffset: number, intervalBytes: number, index: Buffer, timeIndex: Buffer): SegmentIndex | undefined {
    if (index.length < INDEX_HEAD || timeIndex.length < TIME_HEAD) return undefined
    const count = index.readInt32BE(32)
    const sizesFit = index.length === INDEX_HEAD + count * INDEX_ENTRY && timeIndex.length === TIME_HEAD + count * TIME_ENTRY
    if (!sizesFit || timeIndex.readInt32BE(8) !== count || int53(index, 0) !== int53(timeIndex, 0)) return undefined
    const decoded = new SegmentIndex(baseOffset, intervalBytes)
    decoded.bytes = int53(index, 0)
    decoded.nextOffset = int53(index, 8)
    decoded.maxTimestampMs = int53(index, 16)
    decoded.maxTimestampOffset = int53(index, 24)
    decoded.isFull = index.readInt8(36) === 1
    for (let i = 0; i < count; i++) {
      decoded.#offsets.push(index.readUInt32BE(INDEX_HEAD + i * INDEX_ENTRY))
      decoded.#positions.push(index.readUInt32BE(INDEX_HEAD + i * INDEX_ENTRY + 4))
      decoded.#timesBefore.push(int53(timeIndex, TIME_HEAD + i * TIME_ENTRY))
    }
    return decoded
  }
}

/** The last index whose value satisfies what all values before it satisfy too; -1 if none does. */
function lastBelow(values: readonly number[], below: (value: number) => boolean): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (below(values[middle]!)) low = middle + 1
    else high = middle
  }
  return low - 1
}
