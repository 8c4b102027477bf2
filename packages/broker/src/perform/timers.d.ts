/**
 * Timers with a key, over the clock: setting a key again replaces its timer.
 *
 * A timer that fires late first lets one full turn of I/O pass and then judges: after a stall (a debugger, a CPU-bound test in
 * the embedding process) what peers had sent meanwhile is read before anybody is taken for silent. A timer that was cancelled
 * or set again in that turn does nothing.
 */
import type { Clock } from '@tidemark/platform'
export declare class Timers {
  #private
  constructor(clock: Clock, lateMs?: number)
  get size(): number
  /** Calls once, at `atMonotonicMs` of the clock's `monotonic()` or a little later. */
  set(key: string, atMonotonicMs: number, call: () => void): void
  cancel(key: string): void
  clear(): void
}
