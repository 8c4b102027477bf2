/** Requests to the coordinator of a group that may be done twice. */
import { TidemarkError } from '@tidemark/platform'
import { type ErrorName, errorOf } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'

export interface CoordinatorAnswer<T> {
  readonly errorCode: number
  readonly errorMessage?: string | null
  readonly result: T
}

/** Errors that say that another node coordinates the group. */
const MOVED: ReadonlySet<ErrorName> = new Set(['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE'])

/** An error of a group's coordinator, as a `TidemarkError`; the coordinator is looked up again if it moved. */
export function coordinatorError(
  cluster: Cluster,
  group: string,
  what: string,
  errorCode: number,
  told?: string | null,
  details: { topic?: string; partition?: number } = {},
): TidemarkError {
  const { name, text } = errorOf(errorCode)
  if (MOVED.has(name)) cluster.forgetCoordinator(group)
  return new TidemarkError(name, `${what} failed: ${name} (${told ? told : text})`, details)
}

/**
 * Asks the coordinator of a group until it answers with something that another attempt does not change, within `limits`.
 * Rejects with Kafka's name of the error, or like `cluster.send`.
 */
export function askCoordinator<T>(
  cluster: Cluster,
  group: string,
  what: string,
  limits: CallLimits,
  attempt: (signal: AbortSignal) => Promise<CoordinatorAnswer<T>>,
): Promise<T> {
  return retrying(cluster, { what, retries: mayPass, ...limits }, async (signal) => {
    const { errorCode, errorMessage, result } = await attempt(signal)
    if (errorCode !== 0) throw coordinatorError(cluster, group, what, errorCode, errorMessage)
    return result
  })
}
