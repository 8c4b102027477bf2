/** The seam to time. Everything that waits or asks for the time is given a Clock; nothing else reads it. */

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since 1970, as records carry them. May jump when the machine's clock is set. */
  now(): number
  /** Milliseconds since some fixed moment; never goes back. Durations and deadlines are measured with it. */
  monotonic(): number
  /**
   * Calls once, `delayMs` from now or a little later. A pending timer keeps a process alive, as an open connection
   * does.
   */
  schedule(delayMs: number, call: () => void): Timer
  /**
   * Calls once, after one full turn of I/O: whatever bytes had arrived by now were handed out before.
   * Code that finds itself late (a stalled event loop) waits for this before it judges a peer as silent.
   */
  afterTurn(call: () => void): void
}

/** Resolves after `delayMs`; rejects with the reason of `signal` if it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const timer = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    const abort = (): void => {
      timer.cancel()
      reject(signal!.reason)
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}
