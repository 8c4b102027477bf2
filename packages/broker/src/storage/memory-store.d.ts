/** Logs that live as long as the process. */
import type { Log, LogEvents, LogLimits } from './log.ts'
import type { Store } from './store.ts'
export declare class MemoryStore implements Store {
  #private
  readonly clusterId: string
  constructor(clusterId: string, bytesMax: number)
  open(name: string, limits: LogLimits, events: LogEvents): Log
  list(): readonly string[]
  remove(name: string): void
  readSmall(): undefined
  writeSmall(): Promise<void>
  close(): Promise<void>
  abandon(): void
}
