import type { Clock, Timer } from '../clock.ts'

/** 2023-11-14: `now()` and `monotonic()` are never mistaken for each other. */
const EPOCH_MS = 1_700_000_000_000

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #elapsedMs = 0
  #timers: { readonly at: number; readonly call: () => void }[] = []
  #afterTurn: (() => void)[] = []

  now(): number {
    return EPOCH_MS + this.#elapsedMs
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  schedule(delayMs: number, call: () => void): Timer {
    const timer = { at: this.#elapsedMs + Math.max(0, delayMs), call }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((t) => t !== timer)
      },
    }
  }

  afterTurn(call: () => void): void {
    this.#afterTurn.push(call)
  }

  /** Timers that were set and neither fired nor cancelled. */
  get pending(): number {
    return this.#timers.length
  }

  /** Fires each timer that falls due within the next `ms`, at its moment. */
  advance(ms: number): void {
    const until = this.#elapsedMs + ms
    for (;;) {
      const due = this.#timers.filter((t) => t.at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((t) => t !== due)
      this.#elapsedMs = Math.max(this.#elapsedMs, due.at)
      due.call()
    }
    this.#elapsedMs = until
  }

  /** The process stood still for so long: its timers fire late, all at the end. */
  stall(ms: number): void {
    this.#elapsedMs += ms
    this.advance(0)
  }

  /** A turn of I/O has passed. Returns whether anybody waited for it. */
  turn(): boolean {
    const calls = this.#afterTurn.splice(0)
    for (const call of calls) call()
    return calls.length > 0
  }
}
