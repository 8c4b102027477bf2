import type { Clock, Timer } from '@tidemark/platform'

/** Time that moves only when a test says so. */
export class ManualClock implements Clock {
  #now = 0
  #timers: { at: number; call: () => void }[] = []

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  schedule(delayMs: number, call: () => void): Timer {
    const timer = { at: this.#now + Math.max(0, delayMs), call }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((t) => t !== timer)
      },
    }
  }

  afterTurn(call: () => void): void {
    this.schedule(0, call)
  }

  /** Fires what falls due within the next `ms`, in order. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const due = this.#timers.filter((t) => t.at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((t) => t !== due)
      this.#now = Math.max(this.#now, due.at)
      due.call()
    }
    this.#now = until
  }
}
