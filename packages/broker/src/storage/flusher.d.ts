/** Under `fsync: interval`: whatever was written is synced at most `intervalMs` later, and that of a moment together. */
import type { Clock } from '@tidemark/platform'
export interface Syncable {
  sync(): Promise<void>
}
export declare class Flusher {
  #private
  constructor(clock: Clock, intervalMs: number, onFailure: (cause: unknown) => void)
  wrote(log: Syncable): void
  flush(): Promise<void>
  stop(): void
}
