/**
 * Waits that end early: with `TidemarkError` ABORTED when the caller's signal aborts, or with the error of what was
 * closed under them.
 */
import { type Clock, TidemarkError } from '@tidemark/platform'
import type { Closing } from './closing.ts'

export interface WaitLimits {
  /** What is waited for, as it stands in the error. */
  readonly what: string
  readonly closing: Closing
  readonly signal?: AbortSignal | undefined
}

export const aborted = (what: string, signal: AbortSignal): TidemarkError =>
  new TidemarkError('ABORTED', `${what} was aborted`, { cause: signal.reason })

/** Settles as `promise` does, unless the wait ends early; the work itself goes on. */
export function abortable<T>(promise: Promise<T>, limits: WaitLimits): Promise<T> {
  // A wait that is over before it begins takes no notice of the outcome; it must not count as an unhandled rejection.
  if (limits.closing.error !== undefined || limits.signal?.aborted) promise.catch(() => {})
  return waiting(limits, (resolve, reject) => {
    promise.then(resolve, reject)
    return () => {}
  })
}

export const pause = (clock: Clock, delayMs: number, limits: WaitLimits): Promise<void> =>
  waiting(limits, (resolve) => {
    const timer = clock.schedule(delayMs, () => resolve())
    return () => timer.cancel()
  })

type Settle<T> = (value: T) => void

/** `begin` returns what has to be undone when the wait ends early. */
function waiting<T>({ what, closing, signal }: WaitLimits, begin: (resolve: Settle<T>, reject: Settle<unknown>) => () => void): Promise<T> {
  if (closing.error !== undefined) return Promise.reject(closing.error)
  if (signal?.aborted) return Promise.reject(aborted(what, signal))
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      stopListening()
      signal?.removeEventListener('abort', onAbort)
    }
    const endEarly = (error: TidemarkError): void => {
      undo()
      stop()
      reject(error)
    }
    const onAbort = (): void => endEarly(aborted(what, signal!))
    const stopListening = closing.onClose(endEarly)
    signal?.addEventListener('abort', onAbort, { once: true })
    const undo = begin(
      (value) => {
        stop()
        resolve(value)
      },
      (error) => {
        stop()
        reject(error)
      },
    )
  })
}
