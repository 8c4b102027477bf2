/**
 * Under `fsync: interval`: whatever was written is synced at most `intervalMs` later, and that of a moment together.
 */
import type { Clock, Timer } from '@tidemark/platform'

export interface Syncable {
  sync(): Promise<void>
}

export class Flusher {
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #onFailure: (cause: unknown) => void
  #dirty = new Set<Syncable>()
  #timer: Timer | undefined

  constructor(clock: Clock, intervalMs: number, onFailure: (cause: unknown) => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#onFailure = onFailure
  }

  wrote(log: Syncable): void {
    if (this.#dirty.has(log)) return
    this.#dirty.add(log)
    this.#timer ??= this.#clock.schedule(this.#intervalMs, () => {
      this.#timer = undefined
      this.flush().catch(this.#onFailure)
    })
  }

  async flush(): Promise<void> {
    const dirty = this.#dirty
    this.#dirty = new Set()
    await Promise.all([...dirty].map((log) => log.sync()))
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
