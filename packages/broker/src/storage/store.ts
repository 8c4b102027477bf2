/** Where logs live: a folder or memory. Logs are named like paths: `topics/orders.1f0c…/0`, `internal/__consumer_offsets/7`. */
import type { Now } from '@tidemark/platform'
import type { Log, LogEvents, LogLimits } from './log.ts'

export interface Store {
  /** Stable for this data: made at the first start. */
  readonly clusterId: string
  /** Whether logs and small files are there again at the next start. */
  readonly outlivesProcess: boolean
  /** Opens the log, or makes an empty one that has no files before its first append. A name is open at most once. */
  open(name: string, limits: LogLimits, events: LogEvents): Now<Log>
  /** The names directly below `name` that may hold logs. */
  list(name: string): readonly string[]
  /** Removes the log and all beside it. The log may not be used any more. */
  remove(name: string): Now<void>
  /** Small CRC-guarded files beside a log: undefined if there is none, or none that is whole. */
  readSmall(name: string, file: string): Buffer | undefined
  writeSmall(name: string, file: string, bytes: Uint8Array): Promise<void>
  /** Whether these bytes are a read's, whose memory is wanted back. */
  isLent(bytes: Uint8Array): boolean
  /** Nobody looks at these bytes any more, which a read of a log may have given: their memory is used again. Other bytes are left alone. */
  release(bytes: Uint8Array): void
  /** Syncs all, writes down that this was a clean end, and lets go. */
  close(): Promise<void>
  /** Lets go as it is: after a failure. */
  abandon(): void
}
