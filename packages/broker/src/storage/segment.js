import { scan } from './scan.js'
import { SegmentIndex } from './segment-index.js'

const NAME_DIGITS = 20
/** Where recent reads ended: the next one of the same reader begins there. */
const REMEMBERED_MAX = 16
export class Segment {
  baseOffset
  /** Path without its ending. */
  #base
  bytes
  /** Bytes that the index on disk covers. */
  indexedBytes = 0
  /** The batch that was appended last: what a waiting reader asks for. */
  tail
  loaded
  #loading
  #summary
  #remembered = []
  constructor(folder, baseOffset, bytes) {
    this.baseOffset = baseOffset
    this.#base = `${folder}/${String(baseOffset).padStart(NAME_DIGITS, '0')}`
    this.bytes = bytes
  }
  static empty(folder, baseOffset, indexIntervalBytes) {
    const segment = new Segment(folder, baseOffset, 0)
    segment.loaded = new SegmentIndex(baseOffset, indexIntervalBytes)
    return segment
  }
  /** One that a clean end wrote down. */
  static known(folder, { baseOffset, bytes }) {
    return new Segment(folder, baseOffset, bytes)
  }
  /** The first offsets of the segments in a folder, in order. */
  static basesIn(disk, folder) {
    const names = disk.list(folder).filter((name) => /^\d{20}\.log$/.test(name))
    return names.map((name) => Number(name.slice(0, NAME_DIGITS))).sort((a, b) => a - b)
  }
  get path() {
    return `${this.#base}.log`
  }
  /** The index; of a segment whose index is not on disk, or damaged there, by reading the segment. */
  index(site) {
    if (this.loaded !== undefined) return this.loaded
    if (this.#loading !== undefined) return this.#loading
    const stored = this.storedIndex(site)
    if (stored !== undefined && stored.bytes === this.bytes) {
      this.indexedBytes = stored.bytes
      this.loaded = stored
      return stored
    }
    this.#loading = this.#rebuild(site)
    return this.#loading
  }
  /** The latest time in it, and where: remembered when its index is not. */
  summary(site) {
    return this.loaded ?? this.#summary ?? this.index(site)
  }
  /** What `.index` and `.timeindex` say, if they are whole; it may cover a part of the segment only. */
  storedIndex(site) {
    const index = site.small.read(`${this.#base}.index`)
    const timeIndex = index && site.small.read(`${this.#base}.timeindex`)
    return timeIndex && SegmentIndex.decode(this.baseOffset, site.indexIntervalBytes, index, timeIndex)
  }
  async #rebuild(site) {
    const index = new SegmentIndex(this.baseOffset, site.indexIntervalBytes)
    await site.files.use(this.path, 'write', (file) => scan(file, index))
    this.loaded = index
    this.#loading = undefined
    return index
  }
  async saveIndex(encoded, small) {
    await small.write(`${this.#base}.timeindex`, encoded.timeIndex)
    await small.write(`${this.#base}.index`, encoded.index)
    this.indexedBytes = encoded.bytes
  }
  /** Gives the memory of its index back: it is on disk. */
  unload() {
    this.#summary = this.loaded
      ? { maxTimestampMs: this.loaded.maxTimestampMs, maxTimestampOffset: this.loaded.maxTimestampOffset }
      : this.#summary
    this.loaded = undefined
    this.#remembered.length = 0
  }
  positionOf(offset, index) {
    if (this.tail?.offset === offset) return this.tail.position
    return this.#remembered.find((place) => place.offset === offset)?.position ?? index.positionOf(offset)
  }
  remember(offset, position) {
    if (this.#remembered.some((place) => place.offset === offset)) return
    this.#remembered.push({ offset, position })
    if (this.#remembered.length > REMEMBERED_MAX) this.#remembered.shift()
  }
  unlink(disk) {
    for (const ending of ['log', 'index', 'timeindex']) {
      if (disk.exists(`${this.#base}.${ending}`)) disk.unlink(`${this.#base}.${ending}`)
    }
  }
}
/** The base offset of the batch at `at`. */
export const offsetIn = (bytes, at) => bytes.readInt32BE(at) * 4294967296 + bytes.readUInt32BE(at + 4)
