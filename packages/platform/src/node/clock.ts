import { performance } from 'node:perf_hooks'
import type { Clock, Timer } from '../clock.ts'

/** Node counts timers in 32-bit milliseconds; a longer one would fire at once. */
const DELAY_MS_MAX = 2 ** 31 - 1

export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs: number, call: () => void): Timer {
    const timer = setTimeout(call, Math.min(Math.max(0, delayMs), DELAY_MS_MAX))
    return { cancel: () => clearTimeout(timer) }
  },
  // The first callback runs behind the poll phase of this turn, the second behind a whole one.
  afterTurn: (call: () => void) => void setImmediate(() => setImmediate(call)),
}
