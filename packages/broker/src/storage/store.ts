/**
 * Where logs live: a folder or memory. Logs are named like paths: `topics/orders.1f0c…/0`,
 * `internal/__consumer_offsets/7`.
 */
import type { Now } from '@tidemark/platform'
import type { Log, LogEvents, LogLimits, SegmentFacts } from './log.ts'

export interface Store {
  /** Stable for this data: made at the first start. */
  readonly clusterId: string
  /** Whether the next start finds logs and small files again. */
  readonly outlivesProcess: boolean
  /** Opens the log, or makes an empty one that has no files before its first append. A name is open at most once. */
  open(name: string, limits: LogLimits, events: LogEvents): Now<Log>
  /** The segments of a log that is not open, as its files tell; undefined: only opening it tells. */
  peek(name: string): Now<readonly SegmentFacts[] | undefined>
  /** As errors name it. */
  pathOf(name: string): string
  /** The names directly below `name` that may hold logs. */
  list(name: string): readonly string[]
  /** Removes the log and all beside it. The log may not be used any more. */
  remove(name: string): Now<void>
  /** Small CRC-guarded files beside a log: undefined if there is none, or none that is whole. */
  readSmall(name: string, file: string): Buffer | undefined
  writeSmall(name: string, file: string, bytes: Uint8Array): Promise<void>
  /** Whether a read borrowed the memory of these bytes, so that it has to be released. */
  isBorrowed(bytes: Uint8Array): boolean
  /**
   * These bytes, which a read of a log may have given, are not used any more: their memory is reused. Other bytes are
   * ignored.
   */
  release(bytes: Uint8Array): void
  /** Syncs all, writes down that this was a clean end, and releases files and lock. */
  close(): Promise<void>
  /** Releases files and lock, and writes nothing: after a failure. */
  abandon(): void
}
