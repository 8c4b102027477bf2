import { type Clock, sleep } from '@tidemark/platform'
import { aborted } from './connection.ts'

/** Settles as `promise` does, or rejects with `TidemarkError` ABORTED if `signal` aborts first; the work itself goes on. */
export function abortable<T>(promise: Promise<T>, what: string, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(aborted(what, signal))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** Waits, or rejects with `TidemarkError` ABORTED. */
export async function pause(clock: Clock, delayMs: number, what: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(clock, delayMs, signal)
  } catch {
    throw aborted(what, signal!)
  }
}
