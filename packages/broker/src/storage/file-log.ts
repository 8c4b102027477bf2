/**
 * A log in a folder: segments named after their first offset, of which the last is written to.
 *
 * Under `never` and `interval` a batch is written within the call of `append`; under `always` batches that wait for
 * the same disk are written and synced together (group commit). Positions are given out in the order of the calls, so
 * writes may finish in any order and leave no hole that a reader could see: readers stay below what is finished.
 */
import type { Disk, Now } from '@tidemark/platform'
import { BATCH_HEADER_BYTES, type BatchHeader, lastOffsetOf, readBatchHeader } from '@tidemark/protocol'
import type { MemoryPool } from '../memory-pool.ts'
import { after, isLater } from '../now.ts'
import type { Files } from './files.ts'
import type { Flusher } from './flusher.ts'
import type { SegmentSize } from './folder.ts'
import { GroupCommit } from './group-commit.ts'
import type { IndexCache } from './index-cache.ts'
import type { Latest, Log, LogEvents, LogLimits, RewriteRules, SegmentFacts } from './log.ts'
import { writeLogStart } from './log-start.ts'
import type { ReadAhead } from './read-ahead.ts'
import { writeReplacement } from './replacement.ts'
import { Segment } from './segment.ts'
import { SegmentReader } from './segment-reader.ts'
import { RELATIVE_MAX, runsOf, Segments } from './segments.ts'
import type { SmallFiles } from './small-files.ts'

/**
 * An index is written again when so much of its segment is new, so that writing it costs a few hundredths of writing
 * the segment.
 */
const SAVED_PART = 4
const SAVED_BYTES_MIN = 16 * 1024 * 1024

/** What a log needs of the store that it is part of. */
export interface LogEnvironment {
  readonly disk: Disk
  readonly files: Files
  readonly small: SmallFiles
  readonly policy: 'never' | 'interval' | 'always'
  readonly flusher: Flusher
  readonly indexIntervalBytes: number
  readonly recoveryBytesMax: number
  readonly indexes: IndexCache
  readonly reads: MemoryPool
  readonly ahead: ReadAhead
  onFailure(cause: unknown): void
}

export class FileLog implements Log {
  readonly folder: string
  readonly #environment: LogEnvironment
  readonly #limits: LogLimits
  readonly #events: LogEvents
  readonly #group: GroupCommit
  readonly #segments: Segments
  readonly #reader: SegmentReader
  /** Files whose names are not synced yet, each with the folders that hold them. */
  #newNames: { readonly path: string; readonly folders: readonly string[] }[] = []
  #namesSynced: Promise<unknown> = Promise.resolve()
  /** Finished once every write begun so far is. */
  #written: Promise<unknown> | undefined
  readonly #background = new Set<Promise<void>>()
  readonly #recoveryBytesMax: number
  /** Finished once every index whose writing has begun is written: an older one never replaces a newer one. */
  #saved: Promise<void> | undefined
  /**
   * One sync after the other, and none after one that failed: Linux reports lost bytes once, and every later sync
   * succeeds.
   */
  #synced: Promise<void> = Promise.resolve()
  #dirty = false
  #removed = false
  start: number
  end: number
  bytes: number

  /**
   * `segments` in order; the index of the last one is loaded. `start`: what lies below was forgotten, though its
   * files may still exist.
   */
  constructor(
    folder: string,
    segments: readonly Segment[],
    start: number | undefined,
    environment: LogEnvironment,
    limits: LogLimits,
    events: LogEvents,
  ) {
    this.folder = folder
    this.#segments = new Segments(segments)
    this.#reader = new SegmentReader(this.#segments, environment)
    this.#environment = environment
    this.#limits = limits
    this.#events = events
    this.#recoveryBytesMax = Math.min(environment.recoveryBytesMax, limits.recoveryBytesMax ?? Number.POSITIVE_INFINITY)
    this.#group = new GroupCommit(environment.files, () => this.#syncNames())
    this.end = segments.at(-1)?.loaded?.nextOffset ?? 0
    this.start = Math.min(this.end, Math.max(segments[0]?.baseOffset ?? 0, start ?? 0))
    this.bytes = this.#segments.bytes
    this.#forget(this.#segments.below(this.start))
  }

  get sealedTo(): number {
    return this.#segments.active?.baseOffset ?? this.end
  }

  append(batch: Buffer, header: BatchHeader): Now<void> {
    const segment = this.#segmentFor(batch.length, header)
    const written = this.#write(segment, batch)
    segment.bytes += batch.length
    segment.loaded!.add(header)
    segment.firstTimestampMs ??= header.maxTimestamp
    segment.tail = { offset: header.baseOffset, position: segment.bytes - batch.length }
    this.bytes += batch.length
    this.end = lastOffsetOf(header) + 1
    this.#dirty = true
    if (this.#environment.policy === 'interval') this.#environment.flusher.wrote(this)
    return written
  }

  #write(segment: Segment, batch: Buffer): Now<void> {
    const { bytes: position, path } = segment
    if (this.#environment.policy === 'always') {
      const written = this.#group.write({ path, position, batch })
      this.#written = written
      return written
    }
    const written = this.#environment.files.use(path, 'create', (file) => file.write([batch], position, 'within'))
    if (isLater(written)) {
      this.#written = Promise.all([this.#written, written])
      // A caller that waits for it sees the failure; so does the append itself.
      this.#written.catch(() => {})
    }
    return written
  }

  #segmentFor(size: number, header: BatchHeader): Segment {
    const active = this.#segments.active
    if (active === undefined) return this.#newSegment(header.baseOffset)
    const { segmentBytesMax, segmentMsMax = Number.POSITIVE_INFINITY } = this.#limits
    const fits =
      active.bytes + size <= segmentBytesMax &&
      lastOffsetOf(header) - active.baseOffset <= RELATIVE_MAX &&
      header.maxTimestamp - this.#begunAt(active, header) <= segmentMsMax
    if (active.bytes === 0 || (fits && !active.loaded!.isFull)) {
      if (!active.isSaving && active.bytes - active.indexedBytes >= this.#unsavedBytesMax(active)) this.#save(active)
      return active
    }
    active.loaded!.isFull = true
    this.#save(active)
    return this.#newSegment(header.baseOffset)
  }

  /** By the records' clock. After a start it is not known at first: then the segment is as young as can be. */
  #begunAt(active: Segment, header: BatchHeader): number {
    if (active.firstTimestampMs === undefined && active.bytes > 0) this.#inBackground(this.#readFirstTime(active))
    return active.firstTimestampMs ?? header.maxTimestamp
  }

  async #readFirstTime(active: Segment): Promise<void> {
    const bytes = await this.#environment.files.use(active.path, 'write', (file) => file.read(0, BATCH_HEADER_BYTES))
    active.firstTimestampMs ??= readBatchHeader(bytes).maxTimestamp
  }

  roll(): void {
    const active = this.#segments.active
    if (active !== undefined && active.bytes > 0) active.loaded!.isFull = true
  }

  #unsavedBytesMax({ bytes }: Segment): number {
    return Math.min(this.#recoveryBytesMax, Math.max(SAVED_BYTES_MIN, bytes / SAVED_PART))
  }

  #newSegment(baseOffset: number): Segment {
    const { disk, indexIntervalBytes } = this.#environment
    const segment = Segment.empty(this.folder, { baseOffset, generation: 0 }, indexIntervalBytes)
    const isFirst = this.#segments.active === undefined
    if (isFirst) disk.makeFolder(this.folder)
    this.#newNames.push({ path: segment.path, folders: isFirst ? foldersOf(this.folder) : [this.folder] })
    this.#segments.push(segment)
    return segment
  }

  #inBackground(work: Promise<void>): void {
    const guarded = work.catch((cause) => {
      if (!this.#removed) this.#environment.onFailure(cause)
    })
    this.#background.add(guarded)
    void guarded.then(() => this.#background.delete(guarded))
  }

  /**
   * What a crash would have to read again is saved: the segment is synced in the background, and then its index may
   * say so.
   */
  #save(segment: Segment): void {
    this.#events.onCheckpoint()
    this.#saved = this.#saveIndex(segment)
    this.#inBackground(this.#saved)
  }

  async #saveIndex(segment: Segment): Promise<void> {
    segment.isSaving = true
    const { isFull } = segment.loaded!
    const encoded = segment.loaded!.encode()
    await Promise.all([this.#saved, this.#written])
    if (this.#environment.policy !== 'always') await this.#syncFile(segment)
    await segment.saveIndex(encoded, this.#environment.small)
    segment.isSaving = false
    if (isFull && !this.#removed && this.#segments.includes(segment)) this.#environment.indexes.keep(segment)
  }

  #syncFile({ path }: Segment): Promise<void> {
    const synced = this.#synced
      .then(() => this.#environment.files.use(path, 'write', (file) => file.sync()))
      .then(() => this.#syncNames())
      .then(() => {})
    // A caller that waits for it sees the failure.
    synced.catch(() => {})
    this.#synced = synced
    return synced
  }

  /**
   * Finished once the names of all existing files are safe, also those that another call syncs. A file is made by its
   * first write, which may wait in a group: the name of a file that does not exist yet stays new.
   */
  #syncNames(): Promise<unknown> {
    const made = this.#newNames.filter(({ path }) => this.#environment.disk.exists(path))
    if (made.length === 0) return this.#namesSynced
    this.#newNames = this.#newNames.filter((name) => !made.includes(name))
    const folders = [...new Set(made.flatMap((name) => name.folders))]
    this.#namesSynced = Promise.all([this.#namesSynced, ...folders.map((folder) => this.#environment.disk.syncFolder(folder))])
    return this.#namesSynced
  }

  async sync(): Promise<void> {
    if (!this.#dirty || this.#removed) return
    this.#dirty = false
    const segment = this.#segments.active!
    try {
      await this.#written
      if (this.#environment.policy !== 'always') await this.#syncFile(segment)
    } catch (cause) {
      if (!this.#removed) throw cause
    }
  }

  /**
   * The log was read back after a crash: what it holds may be in the page cache alone, bytes and names. It is synced,
   * and the indexes of full segments say so, so that no later crash reads these again. Under `always` this is
   * finished before the log is used, else it goes on in the background; under `never` it is done for full segments
   * alone.
   */
  secure(): Now<void> {
    const { policy } = this.#environment
    const active = this.#segments.active
    const unsure = this.#segments.all.filter((s) => (s === active ? policy !== 'never' : s.indexedBytes < s.bytes))
    this.#dirty = active !== undefined
    this.#newNames = unsure.map(({ path }) => ({ path, folders: foldersOf(this.folder) }))
    if (unsure.length === 0) return
    const synced = Promise.all(unsure.map((segment) => this.#syncFile(segment)))
    this.#written = synced
    for (const segment of unsure) {
      if (segment === active) continue
      segment.loaded!.isFull = true
      this.#saved = this.#saveIndex(segment)
    }
    const secured = Promise.all([synced, this.#saved]).then(() => {})
    if (policy === 'always') return secured
    this.#inBackground(secured)
  }

  /** Everything is synced, and the indexes say so: the next start reads no segment. */
  async finish(): Promise<void> {
    await this.sync()
    while (this.#background.size > 0) await Promise.all(this.#background)
    const active = this.#segments.active
    if (active !== undefined && active.indexedBytes < active.bytes) await active.saveIndex(active.loaded!.encode(), this.#environment.small)
  }

  read(from: number, upTo: number, bytesMax: number): Now<readonly Buffer[]> {
    return from >= upTo || from >= this.end ? [] : this.#reader.read(from, upTo, bytesMax)
  }

  seekTime(timestampMs: number): Now<number> {
    return after(this.#reader.seekTime(timestampMs), (offset) => offset ?? this.end)
  }

  latest(): Now<Latest | undefined> {
    return this.#reader.latest()
  }

  segments(): Now<readonly SegmentFacts[]> {
    return after(this.#reader.facts(), (facts) => (facts.length > 0 ? facts : [{ baseOffset: this.start, bytes: 0, maxTimestampMs: -1 }]))
  }

  async beginAt(offset: number): Promise<void> {
    if (offset <= this.start) return
    this.start = Math.min(offset, this.end)
    this.#forget(this.#segments.below(this.start))
    const written = writeLogStart(this.folder, this.start, this.#environment.small)
    this.#inBackground(written)
    await written
  }

  trim(offset: number): void {
    const gone = this.#segments.below(offset)
    if (gone.length === 0) return
    this.start = Math.max(this.start, this.#segments.after(gone.at(-1)!)!.baseOffset)
    this.#forget(gone)
  }

  /** The file of the empty segment is there, and its name is safe, before anything else happens to the log. */
  async seal(): Promise<void> {
    const active = this.#segments.active
    if (active === undefined || active.bytes === 0) return
    active.loaded!.isFull = true
    this.#save(active)
    const { path } = this.#newSegment(this.end)
    const made = Promise.resolve(this.#environment.files.use(path, 'create', () => {})).then(() => this.#syncNames())
    this.#inBackground(made.then(() => {}))
    await made
  }

  async rewrite(upTo: number, rules: RewriteRules): Promise<void> {
    const rewriting = this.#rewrite(upTo, rules)
    this.#inBackground(rewriting)
    await rewriting
  }

  async #rewrite(upTo: number, rules: RewriteRules): Promise<void> {
    await this.#saved
    for (const { run, end } of runsOf(this.#segments.all, upTo, this.#limits.segmentBytesMax)) {
      if (!this.#holds(run)) return
      const segment = await writeReplacement(this.folder, { run, end, reader: this.#reader }, this.#environment, rules)
      if (segment !== undefined) await this.#replace(run, segment)
      if (!(await rules.goesOn())) return
    }
  }

  async #replace(run: readonly Segment[], segment: Segment): Promise<void> {
    const { disk, indexes } = this.#environment
    if (!this.#holds(run)) return segment.unlink(disk)
    disk.rename(segment.unfinishedPath, segment.path)
    await disk.syncFolder(this.folder)
    if (!this.#holds(run)) return segment.unlink(disk)
    this.#swap(run, [segment])
    indexes.keep(segment)
  }

  /** Retention and the deletion of the topic go on while a segment is rewritten. */
  #holds(run: readonly Segment[]): boolean {
    return !this.#removed && run.every((segment) => this.#segments.includes(segment))
  }

  #forget(gone: readonly Segment[]): void {
    if (gone.length > 0) this.#swap(gone, [])
  }

  /**
   * Puts other segments, whose files are whole, in the place of sealed ones. Readers go on with them from this call
   * on; the old files are removed in the background, once where the log begins is written down.
   */
  #swap(sealed: readonly Segment[], by: readonly Segment[]): void {
    this.#segments.replace(sealed, by)
    for (const segment of sealed) {
      this.bytes -= segment.bytes
      this.#environment.indexes.forget(segment)
    }
    for (const { bytes } of by) this.bytes += bytes
    this.#inBackground(this.#unlink(sealed, [...this.#background]))
  }

  /** `before`: what reads in these segments, or saves their indexes, and began earlier. */
  async #unlink(segments: readonly Segment[], before: readonly Promise<void>[]): Promise<void> {
    await Promise.all([writeLogStart(this.folder, this.start, this.#environment.small), ...before])
    for (const segment of segments) {
      this.#environment.files.close(segment.path)
      segment.unlink(this.#environment.disk)
    }
  }

  /** What a clean end writes down of it. */
  facts(): SegmentSize[] {
    return this.#segments.all.map(({ baseOffset, bytes, generation }) => ({ baseOffset, bytes, generation }))
  }

  /** Closes its files once no operation on them is under way. */
  async remove(): Promise<void> {
    this.#removed = true
    await Promise.allSettled([this.#written, ...this.#background])
    for (const segment of this.#segments.all) {
      this.#environment.files.close(segment.path)
      this.#environment.indexes.forget(segment)
    }
  }
}

const above = (path: string): string => path.slice(0, path.lastIndexOf('/'))

/** Those that may be new with a log: its own, that of its topic, and that of all topics. */
const foldersOf = (folder: string): string[] => [folder, above(folder), above(above(folder))]
