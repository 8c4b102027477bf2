import { type Clock, TidemarkError } from '@tidemark/platform'

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
