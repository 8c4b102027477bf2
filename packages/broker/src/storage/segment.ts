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
/** `<first offset>.log`, and `<first offset>.<generation>.log` for what compaction made of it. */
const NAME = /^(\d{20})(?:\.([1-9]\d*))?\.log$/
/** A file of a segment that compaction made, or was making: the segment, and which file of it. */
const COMPACTED_NAME = /^(\d{20}\.[1-9]\d*)\.(?:log|index|timeindex)(\.new)?$/
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

/** Which file of a log. */
export interface SegmentName {
  readonly baseOffset: number
  /** How often compaction has replaced it: a reader never finds other bytes under the name that it knows. */
  readonly generation: number
}

export class Segment {
  readonly baseOffset: number
  readonly generation: number
  /** Of the log; indexes have endings of their own. */
  readonly path: string
  readonly #base: string
  bytes: number
  /** Bytes that the index on disk covers. */
  indexedBytes = 0
  /** Its index is being written: set by the log that does it. */
  isSaving = false
  /** The latest time of its first batch, by which `segment.ms` counts; undefined: not known, or nothing in it. */
  firstTimestampMs: number | undefined
  /** The batch that was appended last: what a waiting reader asks for. */
  tail: BatchPosition | undefined
  loaded: SegmentIndex | undefined
  #loading: Promise<SegmentIndex> | undefined
  #summary: Summary | undefined
  readonly #remembered: BatchPosition[] = []

  private constructor(folder: string, { baseOffset, generation }: SegmentName, bytes: number) {
    this.baseOffset = baseOffset
    this.generation = generation
    const digits = String(baseOffset).padStart(NAME_DIGITS, '0')
    this.#base = `${folder}/${generation === 0 ? digits : `${digits}.${generation}`}`
    this.path = `${this.#base}.log`
    this.bytes = bytes
  }

  static empty(folder: string, name: SegmentName, indexIntervalBytes: number): Segment {
    const segment = new Segment(folder, name, 0)
    segment.loaded = new SegmentIndex(name.baseOffset, indexIntervalBytes)
    return segment
  }

  /** Where it is written before it takes its name. */
  get unfinishedPath(): string {
    return `${this.path}.new`
  }

  /** One that a clean end wrote down. */
  static known(folder: string, { bytes, ...name }: SegmentName & { readonly bytes: number }): Segment {
    return new Segment(folder, name, bytes)
  }

  /** The segments in a folder in the order of their offsets; of those that begin at the same one, the newest first. */
  static namesIn(disk: Disk, folder: string): SegmentName[] {
    const names = disk.list(folder).map((name) => NAME.exec(name))
    return names
      .filter((match) => match !== null)
      .map(([, digits, generation]) => ({ baseOffset: Number(digits), generation: Number(generation ?? 0) }))
      .sort((a, b) => a.baseOffset - b.baseOffset || b.generation - a.generation)
  }

  /** Removes what a compaction left that did not come to its end. */
  static removeUnfinished(disk: Disk, folder: string): void {
    for (const name of disk.list(folder)) {
      const [, segment, isNew] = COMPACTED_NAME.exec(name) ?? []
      const isUnfinished = segment !== undefined && (isNew !== undefined || !disk.exists(`${folder}/${segment}.log`))
      if (isUnfinished) disk.unlink(`${folder}/${name}`)
    }
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
