import { type BatchHeader } from '@tidemark/protocol'
import type { Latest, Log, LogEvents, LogLimits, SegmentFacts } from './log.ts'
/** The memory of all logs together. */
export declare class MemoryBudget {
  readonly bytesMax: number
  used: number
  constructor(bytesMax: number)
  take(bytes: number): void
}
export declare class MemoryLog implements Log {
  #private
  start: number
  end: number
  bytes: number
  constructor(budget: MemoryBudget, limits: LogLimits, events: LogEvents)
  append(batch: Buffer, header: BatchHeader): void
  read(from: number, upTo: number, bytesMax: number): readonly Buffer[]
  seekTime(timestampMs: number): number
  latest(): Latest | undefined
  segments(): readonly SegmentFacts[]
  trim(offset: number): void
  /** Gives its memory back. */
  drop(): void
  sync(): Promise<void>
}
