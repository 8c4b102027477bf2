/**
 * Timers with a key, over the clock: setting a key again replaces its timer.
 *
 * A timer that fires late waits once more, for as long as it is late and a second at most, lets one full turn of I/O
 * pass, and then judges: after a stall (a debugger, a CPU-bound test in the embedding process) what peers had sent
 * meanwhile is read before a peer is taken for silent, and those that waited for an answer before they send their
 * next heartbeat get it first. A timer that was cancelled or set again meanwhile does nothing.
 */
import type { Clock, Timer } from '@tidemark/platform'

/** Longer than a peer needs to send on after an answer. */
const GRACE_MS_MAX = 1_000

interface Armed {
  timer: Timer
}

export class Timers {
  readonly #clock: Clock
  readonly #lateMs: number
  readonly #armed = new Map<string, Armed>()

  constructor(clock: Clock, lateMs = 50) {
    this.#clock = clock
    this.#lateMs = lateMs
  }

  get size(): number {
    return this.#armed.size
  }

  /** Calls once, at `atMonotonicMs` of the clock's `monotonic()` or a little later. */
  set(key: string, atMonotonicMs: number, call: () => void): void {
    this.cancel(key)
    const delayMs = Math.max(0, atMonotonicMs - this.#clock.monotonic())
    const armed: Armed = {
      timer: this.#clock.schedule(delayMs, () => {
        const lateMs = this.#clock.monotonic() - atMonotonicMs
        if (lateMs <= this.#lateMs) return this.#fire(key, armed, call)
        const fire = (): void => this.#clock.afterTurn(() => this.#fire(key, armed, call))
        armed.timer = this.#clock.schedule(Math.min(lateMs, GRACE_MS_MAX), fire)
      }),
    }
    this.#armed.set(key, armed)
  }

  #fire(key: string, armed: Armed, call: () => void): void {
    if (this.#armed.get(key) !== armed) return
    this.#armed.delete(key)
    call()
  }

  cancel(key: string): void {
    this.#armed.get(key)?.timer.cancel()
    this.#armed.delete(key)
  }

  clear(): void {
    for (const { timer } of this.#armed.values()) timer.cancel()
    this.#armed.clear()
  }
}
