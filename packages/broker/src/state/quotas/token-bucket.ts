/**
 * Changes of partitions that a client may make (KIP-599): Kafka's `TokenBucket`. It fills with `limit` tokens a second
 * up to what comes together in the window; a change that begins while there are tokens is made whole, and may leave a
 * debt.
 */
const WINDOW_S = 11

export class TokenBucket {
  #tokens: number | undefined
  #atMs = 0

  /** Whether a change may begin now. */
  isOpen(limit: number, nowMs: number): boolean {
    this.#fill(limit, nowMs)
    return this.#tokens! >= 0
  }

  take(amount: number, limit: number, nowMs: number): void {
    this.#fill(limit, nowMs)
    this.#tokens! -= amount
  }

  /** Milliseconds until the debt is paid; 0: there is none. */
  throttleMs(limit: number, nowMs: number): number {
    this.#fill(limit, nowMs)
    return Math.max(0, Math.round((-this.#tokens! / limit) * 1000))
  }

  #fill(limit: number, nowMs: number): void {
    const burst = limit * WINDOW_S
    const gained = this.#tokens === undefined ? burst : this.#tokens + ((nowMs - this.#atMs) / 1000) * limit
    this.#tokens = Math.min(burst, gained)
    this.#atMs = nowMs
  }
}
