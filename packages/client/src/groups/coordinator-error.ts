/** What a group's coordinator answers instead of what it was asked. */
import { TidemarkError } from '@tidemark/platform'
import { type ErrorName, errorOf } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'

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
