/**
 * One segment: its file, how many bytes of it are log, and its index, which a full segment reads back when it is
 * needed.
 */
import type { Disk, Now } from '@tidemark/platform'
import type { LogEnvironment } from './file-log.ts'
import { scan } from './scan.ts'
import { type EncodedIndex, SegmentIndex } from './segment-index.ts'
import type { SmallFiles } from './small-files.ts'

const NAME_DIGITS = 20
/** Where recent reads ended: the next one of the same reader begins there. */
const REMEMBERED_MAX = 16

interface BatchPosition {
  readonly offset: number
  readonly position: number
}

export interface Summary {
  readonly maxTimestampMs: number
  readonly maxTimestampOffset: number
}

export class Segment {
  readonly baseOffset: number
  /** Of the log; indexes have endings of their own. */
  readonly path: string
  readonly #base: string
  bytes: number
  /** Bytes that the index on disk covers. */
  indexedBytes = 0
  /** Its index is being written: set by the log that does it. */
  isSaving = false
  /** The batch that was appended last: what a waiting reader asks for. */
  tail: BatchPosition | undefined
  loaded: SegmentIndex | undefined
  #loading: Promise<SegmentIndex> | undefined
  #summary: Summary | undefined
  readonly #remembered: BatchPosition[] = []

  private constructor(folder: string, baseOffset: number, bytes: number) {
    this.baseOffset = baseOffset
    this.#base = `${folder}/${String(baseOffset).padStart(NAME_DIGITS, '0')}`
    this.path = `${this.#base}.log`
    this.bytes = bytes
  }

  static empty(folder: string, baseOffset: number, indexIntervalBytes: number): Segment {
    const segment = new Segment(folder, baseOffset, 0)
    segment.loaded = new SegmentIndex(baseOffset, indexIntervalBytes)
    return segment
  }

  /** One that a clean end wrote down. */
  static known(folder: string, { baseOffset, bytes }: { baseOffset: number; bytes: number }): Segment {
    return new Segment(folder, baseOffset, bytes)
  }

  /** The first offsets of the segments in a folder, in order. */
  static basesIn(disk: Disk, folder: string): number[] {
    const names = disk.list(folder).filter((name) => /^\d{20}\.log$/.test(name))
    return names.map((name) => Number(name.slice(0, NAME_DIGITS))).sort((a, b) => a - b)
  }

  /** The index; of a segment whose index is not on disk, or damaged there, by reading the segment. */
  index(environment: LogEnvironment): Now<SegmentIndex> {
    if (this.loaded !== undefined) return this.loaded
    if (this.#loading !== undefined) return this.#loading
    const stored = this.storedIndex(environment)
    if (stored !== undefined && stored.bytes === this.bytes) {
      this.indexedBytes = stored.bytes
      this.loaded = stored
      return stored
    }
    this.#loading = this.#rebuild(environment)
    return this.#loading
  }

  /** The latest time in it, and where. It outlives the index; undefined: the index was never loaded. */
  get summary(): Summary | undefined {
    return this.loaded ?? this.#summary
  }

  /** What `.index` and `.timeindex` say, if they are whole; it may cover a part of the segment only. */
  storedIndex(environment: LogEnvironment): SegmentIndex | undefined {
    const index = environment.small.read(`${this.#base}.index`)
    const timeIndex = index && environment.small.read(`${this.#base}.timeindex`)
    return timeIndex && SegmentIndex.decode(this.baseOffset, environment.indexIntervalBytes, index, timeIndex)
  }

  async #rebuild(environment: LogEnvironment): Promise<SegmentIndex> {
    const index = new SegmentIndex(this.baseOffset, environment.indexIntervalBytes)
    await environment.files.use(this.path, 'write', (file) => scan(file, index))
    this.loaded = index
    this.#loading = undefined
    return index
  }

  async saveIndex(encoded: EncodedIndex, small: SmallFiles): Promise<void> {
    await small.write(`${this.#base}.timeindex`, encoded.timeIndex)
    await small.write(`${this.#base}.index`, encoded.index)
    this.indexedBytes = encoded.bytes
  }

  /** Gives the memory of its index back: it is read from its files, or from the segment, when it is needed again. */
  unload(): void {
    if (this.loaded === undefined) return
    const { maxTimestampMs, maxTimestampOffset } = this.loaded
    this.#summary = { maxTimestampMs, maxTimestampOffset }
    this.loaded = undefined
    this.#remembered.length = 0
  }

  positionOf(offset: number, index: SegmentIndex): number {
    if (this.tail?.offset === offset) return this.tail.position
    return this.#remembered.find((it) => it.offset === offset)?.position ?? index.positionOf(offset)
  }

  remember(offset: number, position: number): void {
    if (this.#remembered.some((it) => it.offset === offset)) return
    this.#remembered.push({ offset, position })
    if (this.#remembered.length > REMEMBERED_MAX) this.#remembered.shift()
  }

  unlink(disk: Disk): void {
    for (const ending of ['timeindex', 'index', 'log']) {
      if (disk.exists(`${this.#base}.${ending}`)) disk.unlink(`${this.#base}.${ending}`)
    }
  }
}
