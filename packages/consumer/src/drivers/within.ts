/** Limits to what a driver may take. */
import { type Clock, TidemarkError } from '@tidemark/platform'
import { ConnectionLost } from './sql.ts'

/** The promise, or TIMED_OUT after `limitMs`. */
export async function within<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>()
  const timer = clock.schedule(limitMs, () => over.reject(new TidemarkError('TIMED_OUT', `no answer within ${limitMs} ms`)))
  try {
    return await Promise.race([promise, over.promise])
  } finally {
    timer.cancel()
  }
}

/** A connection of a pool, or `ConnectionLost`; one that comes too late goes back. */
export async function connected<C extends { release(): void }>(clock: Clock, limitMs: number, connecting: Promise<C>): Promise<C> {
  try {
    return await within(clock, limitMs, connecting)
  } catch (error) {
    connecting.then((connection) => connection.release()).catch(() => {}) // it never came
    throw new ConnectionLost(error)
  }
}
