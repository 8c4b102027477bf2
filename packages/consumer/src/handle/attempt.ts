/**
 * One call of a user's handler, whatever it does: returns, throws anything, rejects with anything, or never settles.
 * Exactly one of `done` and `failed` is called, once; within the call if the handler was synchronous (T42).
 */
import type { Clock } from '@tidemark/platform'
import { TidemarkError } from '@tidemark/platform'

export interface Settle {
  done(): void
  failed(error: unknown): void
}

export function attempt(call: () => unknown, settle: Settle, clock: Clock, timeoutMs: number | undefined, expire: () => void): void {
  if (timeoutMs === undefined) return run(call, settle)
  let settled = false
  const timer = clock.schedule(timeoutMs, () => {
    if (settled) return
    settled = true
    expire()
    settle.failed(new TidemarkError('HANDLER_TIMED_OUT', `the handler did not settle within ${timeoutMs} ms`))
  })
  const first = (act: () => void): void => {
    if (settled) return
    settled = true
    timer.cancel()
    act()
  }
  run(call, { done: () => first(() => settle.done()), failed: (error) => first(() => settle.failed(error)) })
}

function run(call: () => unknown, settle: Settle): void {
  let result: unknown
  try {
    result = call()
  } catch (error) {
    return settle.failed(error)
  }
  if (!isThenable(result)) return settle.done()
  result.then(
    () => settle.done(),
    (error) => settle.failed(error),
  )
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
