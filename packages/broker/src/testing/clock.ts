import type { Clock, Timer } from '@tidemark/platform'

/** Time stands still until `advance`. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000
  #timers: { readonly at: number; readonly call: () => void }[] = []
  #afterTurn: (() => void)[] = []

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  schedule(delayMs: number, call: () => void): Timer {
    const timer = { at: this.#nowMs + delayMs, call }
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

  /** Lets a turn of I/O pass. */
  turn(): void {
    const calls = this.#afterTurn
    this.#afterTurn = []
    for (const call of calls) call()
  }

  /** Moves time; each timer fires at its moment, or all at the end if the event loop stalled. */
  advance(ms: number, stalled = false): void {
    const end = this.#nowMs + ms
    for (;;) {
      const next = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((t) => t !== next)
      this.#nowMs = stalled ? end : Math.max(this.#nowMs, next.at)
      next.call()
    }
    this.#nowMs = end
  }
}
