/** Logs in a folder of the disk. docs/log-format.md gives every file byte by byte. */
import type { Clock, Disk, Now, Timer } from '@tidemark/platform'
import { asDamage, damage } from '../damage.ts'
import { MemoryPool } from '../memory-pool.ts'
import { after, attempt } from '../now.ts'
import { FileLog, type LogEnvironment } from './file-log.ts'
import { Files } from './files.ts'
import { Flusher } from './flusher.ts'
import { DataFolder, type Identity, type KnownLogs, type SegmentSize } from './folder.ts'
import { IndexCache } from './index-cache.ts'
import type { Log, LogEvents, LogLimits, SegmentFacts } from './log.ts'
import { readLogStart } from './log-start.ts'
import { ReadAhead } from './read-ahead.ts'
import { recover } from './recover.ts'
import { Segment } from './segment.ts'
import { SmallFiles } from './small-files.ts'
import type { Store } from './store.ts'

export interface FileStoreOptions {
  readonly path: string
  readonly disk: Disk
  readonly clock: Clock
  readonly fresh: Identity
  readonly fsync: 'never' | 'interval' | 'always'
  readonly fsyncIntervalMs: number
  readonly openFilesMax: number
  readonly indexIntervalBytes: number
  readonly recoveryBytesMax: number
  /** Memory for indexes of full segments, of all logs together. Default: 8 MiB. */
  readonly indexMemoryBytesMax?: number
  /** Memory of large reads that is kept for the next ones. Default: none. */
  readonly readMemoryBytesMax?: number
  /** Memory for reading ahead. Default: none. */
  readonly readAheadBytesMax?: number
  onFailure(cause: unknown): void
  onRecovered(log: string, end: number, bytesCut: number): void
  /** Another thing stood where a small file has to be, which is written anew. */
  onReplaced(path: string): void
}

const INDEX_MEMORY_BYTES_MAX = 8 * 1024 * 1024
/**
 * How often it is seen whether the folder is still there: a file that was removed can be written to without an error.
 */
const FOLDER_CHECK_MS = 1_000
/** Logs that are closed at once: as many syncs as the thread pool does beside each other. */
const CLOSED_TOGETHER = 16

export class FileStore implements Store {
  readonly clusterId: string
  readonly outlivesProcess = true
  readonly #folder: DataFolder
  readonly #options: FileStoreOptions
  readonly #environment: LogEnvironment
  readonly #logs = new Map<string, FileLog>()
  /** Logs that were closed cleanly and not opened since. */
  readonly #known: KnownLogs
  #folderCheck: Timer | undefined

  private constructor(folder: DataFolder, known: KnownLogs, options: FileStoreOptions) {
    const { disk, clock, fsync: policy, indexIntervalBytes, recoveryBytesMax } = options
    this.clusterId = folder.identity.clusterId
    this.#folder = folder
    this.#options = options
    this.#known = known
    const reads = new MemoryPool(options.readMemoryBytesMax ?? 0)
    this.#environment = {
      disk,
      files: new Files(disk, options.openFilesMax),
      small: new SmallFiles(disk, options.onReplaced),
      policy,
      flusher: new Flusher(clock, options.fsyncIntervalMs, options.onFailure),
      indexIntervalBytes,
      recoveryBytesMax,
      indexes: new IndexCache(options.indexMemoryBytesMax ?? INDEX_MEMORY_BYTES_MAX),
      reads,
      ahead: new ReadAhead(reads, clock, options.readAheadBytesMax ?? 0),
      onFailure: options.onFailure,
    }
    this.#checkFolder()
  }

  #checkFolder(): void {
    this.#folderCheck = this.#options.clock.schedule(FOLDER_CHECK_MS, () => {
      try {
        this.#folder.check()
        this.#checkFolder()
      } catch (cause) {
        this.#options.onFailure(cause)
      }
    })
  }

  static async open(options: FileStoreOptions): Promise<FileStore> {
    const folder = await DataFolder.open(options.path, options.disk, options.fresh)
    try {
      return new FileStore(folder, await folder.takeClean(options.fsync !== 'never'), options)
    } catch (error) {
      folder.release()
      throw error
    }
  }

  pathOf(name: string): string {
    return `${this.#folder.path}/${name}`
  }

  open(name: string, limits: LogLimits, events: LogEvents): Now<Log> {
    return attempt(
      () => this.#open(name, limits, events),
      (cause) => {
        throw asDamage(cause)
      },
    )
  }

  #open(name: string, limits: LogLimits, events: LogEvents): Now<Log> {
    const environment =
      this.#environment.policy === 'interval' && limits.syncsAlways === true
        ? { ...this.#environment, policy: 'always' as const }
        : this.#environment
    const folder = this.pathOf(name)
    const known = this.#known.get(name)
    const clean = known === undefined ? undefined : openKnown(folder, known, environment)
    return after(clean, (found) =>
      after(found ?? this.#recover(name, folder, known), (segments) => {
        const start = segments.length === 0 ? undefined : readLogStart(folder, environment.small)
        const log = new FileLog(folder, segments, start, environment, limits, events)
        this.#known.delete(name)
        this.#logs.set(name, log)
        return found === undefined ? after(log.secure(), () => log) : log
      }),
    )
  }

  /** `known`: as it was closed. Bytes behind that go as after a crash; bytes that are missing were acknowledged. */
  #recover(name: string, folder: string, known: readonly SegmentSize[] = []): Now<Segment[]> {
    const last = known.at(-1)
    return after(last && this.#checkWhole(Segment.known(folder, last), folder), () =>
      after(recover(folder, this.#environment), ({ segments, bytesCut }) => {
        if (segments.length > 0) this.#options.onRecovered(name, segments.at(-1)!.loaded!.nextOffset, bytesCut)
        return segments
      }),
    )
  }

  /** A segment behind it shows that what was written down is older than the log. */
  #checkWhole({ path, bytes, baseOffset }: Segment, folder: string): Now<void> {
    const { disk, files } = this.#environment
    if (Segment.namesIn(disk, folder).some((it) => it.baseOffset > baseOffset)) return
    const size = disk.exists(path) ? files.use(path, 'write', (file) => file.size()) : 0
    return after(size, (found) => {
      if (found >= bytes) return
      throw damage(path, `has ${found} bytes, and had ${bytes} when it was closed`)
    })
  }

  /** Of a log that was closed cleanly, by its indexes. */
  peek(name: string): readonly SegmentFacts[] | undefined {
    const folder = this.pathOf(name)
    const known = this.#known.get(name)
    if (known === undefined) return Segment.namesIn(this.#options.disk, folder).length === 0 ? [] : undefined
    const facts = known.map((it) => {
      const index = Segment.known(folder, it).storedIndex(this.#environment)
      return index?.bytes === it.bytes ? { ...it, maxTimestampMs: index.maxTimestampMs } : undefined
    })
    return facts.every((it) => it !== undefined) ? facts : undefined
  }

  list(name: string): readonly string[] {
    try {
      return this.#options.disk.list(this.pathOf(name))
    } catch (cause) {
      throw asDamage(cause)
    }
  }

  async remove(name: string): Promise<void> {
    const within = (other: string): boolean => other === name || other.startsWith(`${name}/`)
    for (const [other, log] of this.#logs) {
      if (!within(other)) continue
      this.#logs.delete(other)
      await log.remove()
    }
    for (const other of [...this.#known.keys()]) if (within(other)) this.#known.delete(other)
    await this.#options.disk.removeFolder(this.pathOf(name))
  }

  readSmall(name: string, file: string): Buffer | undefined {
    return this.#environment.small.read(`${this.pathOf(name)}/${file}`)
  }

  async writeSmall(name: string, file: string, bytes: Uint8Array): Promise<void> {
    this.#options.disk.makeFolder(this.pathOf(name))
    await this.#environment.small.write(`${this.pathOf(name)}/${file}`, bytes)
  }

  /** Indexes of full segments that are in memory. */
  get indexBytes(): number {
    return this.#environment.indexes.bytes
  }

  isBorrowed(bytes: Uint8Array): boolean {
    return this.#environment.reads.isBorrowed(bytes)
  }

  release(bytes: Uint8Array): void {
    this.#environment.reads.give(bytes)
  }

  async close(): Promise<void> {
    this.#environment.flusher.stop()
    const logs = [...this.#logs]
    for (let i = 0; i < logs.length; i += CLOSED_TOGETHER) {
      await Promise.all(logs.slice(i, i + CLOSED_TOGETHER).map(([, log]) => log.finish()))
    }
    await this.#environment.small.idle()
    const known: KnownLogs = new Map(this.#known)
    for (const [name, log] of logs) known.set(name, log.facts())
    await this.#folder.writeClean(known)
    this.abandon()
  }

  abandon(): void {
    this.#folderCheck?.cancel()
    this.#environment.flusher.stop()
    this.#environment.files.end()
    this.#folder.release()
  }
}

/** Undefined: the files are not as they were written down. */
function openKnown(folder: string, known: readonly SegmentSize[], environment: LogEnvironment): Now<Segment[] | undefined> {
  const segments = known.map((it) => Segment.known(folder, it))
  const active = segments.at(-1)
  if (active === undefined) return []
  if (!environment.disk.exists(active.path)) return undefined
  return after(
    environment.files.use(active.path, 'write', (file) => file.size()),
    (size) =>
      size === active.bytes
        ? after(active.index(environment), (index) => (index.bytes === active.bytes ? segments : undefined))
        : undefined,
  )
}
