/** Attempts at one call of a user's, within its time: the one place where such a call decides whether to try again. */
import { TidemarkError } from '@tidemark/platform'
import { ErrorCode, errorOf } from '@tidemark/protocol'
import { type Cluster, isLost } from './cluster.ts'

/** What bounds a call. */
export interface CallLimits {
  /**
   * How long the call may take, all attempts together. Default: `requestTimeoutMs`, and about 5 s while no broker can
   * be reached.
   */
  readonly timeoutMs?: number | undefined
  /** Rejects `TidemarkError` ABORTED. What was sent may be done all the same. */
  readonly signal?: AbortSignal | undefined
}

export interface RetriedCall extends CallLimits {
  /** As it stands in reports and errors: "listing the groups of node 3". */
  readonly what: string
  /** Whether another attempt may help, and do no harm. */
  retries(error: TidemarkError): boolean
}

/**
 * A user who waits for an answer learns within seconds that nothing is there; a program that works on asks again by
 * itself.
 */
const UNREACHABLE_MS = 5_000

/**
 * Rejects with the last error that another attempt does not fix, or that was met when the time was over; TIMED_OUT
 * if none was met; ABORTED, CLOSED.
 */
export async function retrying<T>(cluster: Cluster, call: RetriedCall, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { what, signal } = call
  if (signal?.aborted) throw new TidemarkError('ABORTED', `${what} was aborted`, { cause: signal.reason })
  const { clock } = cluster.options.platform
  const begunMs = clock.monotonic()
  const timeoutMs = call.timeoutMs ?? cluster.options.requestTimeoutMs
  const unreachableMs = call.timeoutMs ?? Math.min(timeoutMs, UNREACHABLE_MS)
  const limit = new AbortController()
  let last: TidemarkError | undefined
  let isOver = false
  const end = (): void => {
    isOver = true
    limit.abort()
  }
  const timers = [
    clock.schedule(timeoutMs, end),
    clock.schedule(unreachableMs, () => {
      if (last?.code === 'UNREACHABLE') end()
    }),
  ]
  const onAbort = (): void => limit.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for (let failures = 1; ; failures++) {
      try {
        return await attempt(limit.signal)
      } catch (error) {
        if (!(error instanceof TidemarkError) || !call.retries(error)) throw error
        last = error
      }
      const elapsedMs = clock.monotonic() - begunMs
      if (elapsedMs >= (last.code === 'UNREACHABLE' ? unreachableMs : timeoutMs)) throw last
      await cluster.backOff({ what, failures, error: last, signal: limit.signal })
    }
  } catch (error) {
    const isOurs = isOver && error instanceof TidemarkError && error.code === 'ABORTED'
    if (!isOurs) throw error
    throw last ?? new TidemarkError('TIMED_OUT', `${what} was not done within ${timeoutMs} ms`, { cause: error })
  } finally {
    for (const timer of timers) timer.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

/** For requests that may be done twice: the way to the broker failed, or Kafka calls the error retriable. */
export function mayPass(error: TidemarkError): boolean {
  const code = (ErrorCode as Readonly<Record<string, number | undefined>>)[error.code]
  return isLost(error) || (code !== undefined && errorOf(code).retriable)
}
