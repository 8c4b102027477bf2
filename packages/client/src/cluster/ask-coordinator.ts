import { TidemarkError } from '@tidemark/platform'
import { type ErrorName, errorOf } from '@tidemark/protocol'
import { pause } from '../connect/abortable.ts'
import { backoffMs } from '../connect/backoff.ts'
import { type Cluster, isLost } from './cluster.ts'

/** Errors after which the coordinator is looked for again. */
const MOVED: ReadonlySet<ErrorName> = new Set(['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE'])

export interface CoordinatorAnswer<T> {
  readonly errorCode: number
  readonly errorMessage?: string | null
  readonly result: T
}

/**
 * Asks the coordinator of a group until it answers with something that trying again does not change, for `requestTimeoutMs`.
 * Only for requests that may be done twice. Rejects with Kafka's name of the error, or like `cluster.send`.
 */
export async function askCoordinator<T>(
  cluster: Cluster,
  group: string,
  what: string,
  attempt: () => Promise<CoordinatorAnswer<T>>,
  signal?: AbortSignal,
): Promise<T> {
  const { clock, random } = cluster.options.platform
  const deadlineMs = clock.monotonic() + cluster.options.requestTimeoutMs
  for (let failures = 1; ; failures++) {
    let failure: TidemarkError
    try {
      const { errorCode, errorMessage, result } = await attempt()
      if (errorCode === 0) return result
      const { name, retriable } = errorOf(errorCode)
      failure = new TidemarkError(name, `${what} of group '${group}' failed: ${errorMessage ? `${name}: ${errorMessage}` : name}`)
      if (!retriable) throw failure
      if (MOVED.has(name)) cluster.forgetCoordinator(group)
    } catch (error) {
      if (!isLost(error)) throw error
      failure = error
    }
    if (clock.monotonic() >= deadlineMs) throw failure
    await pause(clock, backoffMs(random, cluster.options.retry, failures), what, signal)
  }
}
