/** Limits to what a driver may take. */
import type { Clock } from '@tidemark/platform'
import { ConnectionLost } from './sql.ts'

/** The promise, or `ConnectionLost` after `limitMs`. */
export async function within<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>()
  const timer = clock.schedule(limitMs, () => over.reject(new ConnectionLost(`no answer within ${limitMs} ms`)))
  try {
    return await Promise.race([promise, over.promise])
  } finally {
    timer.cancel()
  }
}

/**
 * Connections of a driver's pool. Who waits too long leaves the request to the next who asks, so that a server that
 * cannot be reached is asked for as many connections as are wanted at once, and no more. One that comes while nobody
 * waits goes back unused.
 */
export class Connections<C extends { release(): void }> {
  readonly #clock: Clock
  readonly #connect: () => Promise<C>
  readonly #left = new Set<Promise<C>>()

  constructor(clock: Clock, connect: () => Promise<C>) {
    this.#clock = clock
    this.#connect = connect
  }

  /** Rejects with `ConnectionLost`. */
  async take(limitMs: number): Promise<C> {
    const request = this.#left.values().next().value ?? this.#connect()
    this.#left.delete(request)
    try {
      return await within(this.#clock, limitMs, request)
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw new ConnectionLost(error) // the driver's own word
      this.#left.add(request)
      const takeBack = (): boolean => this.#left.delete(request)
      request.then(
        (connection) => takeBack() && connection.release(),
        takeBack, // it never came
      )
      throw error
    }
  }
}
