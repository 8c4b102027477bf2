/**
 * One call of a user's handler, whatever it does: returns, throws anything, rejects with anything, or never settles.
 * Exactly one of `done` and `failed` is called, once; within the call if the handler was synchronous (T42).
 * What is attempted is handed through, so that a record costs no function of its own.
 */
import type { Clock } from '@tidemark/platform'
import { TidemarkError } from '@tidemark/platform'

export interface Attempting<T> {
  call(it: T): unknown
  done(it: T): void
  failed(it: T, error: unknown): void
  /** Its time is over; `failed` follows. */
  expire(it: T): void
}

export function attempt<T>(it: T, how: Attempting<T>, clock: Clock, timeoutMs: number | undefined): void {
  if (timeoutMs === undefined) run(it, how)
  else run(it, timed(it, how, clock, timeoutMs))
}

/** The first to say something is heard: the handler or the clock. */
function timed<T>(it: T, how: Attempting<T>, clock: Clock, timeoutMs: number): Attempting<T> {
  let settled = false
  const timer = clock.schedule(timeoutMs, () => {
    if (settled) return
    settled = true
    how.expire(it)
    how.failed(it, new TidemarkError('HANDLER_TIMED_OUT', `the handler did not settle within ${timeoutMs} ms`))
  })
  const first = (act: () => void): void => {
    if (settled) return
    settled = true
    timer.cancel()
    act()
  }
  return { ...how, done: () => first(() => how.done(it)), failed: (_, error) => first(() => how.failed(it, error)) }
}

function run<T>(it: T, how: Attempting<T>): void {
  let result: unknown
  try {
    result = how.call(it)
  } catch (error) {
    return how.failed(it, error)
  }
  if (!isThenable(result)) return how.done(it)
  result.then(
    () => how.done(it),
    (error) => how.failed(it, error),
  )
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
