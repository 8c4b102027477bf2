/** What a group's coordinator answers instead of what it was asked. */
import { TidemarkError } from '@tidemark/platform'
import { ErrorCode, type ErrorName, errorOf } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'

/** Errors that say that another node coordinates the group. */
const MOVED: ReadonlySet<ErrorName> = new Set(['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE'])

/**
 * `moved`: look the coordinator up and ask again. `try_again`: ask the same one. `refused`: another attempt does not
 * help.
 */
export type CoordinatorOutcome = 'done' | 'moved' | 'try_again' | 'refused'

/** Of a request that may be done twice. A code that Kafka's table does not have counts as UNKNOWN_SERVER_ERROR. */
export function coordinatorOutcome(errorCode: number): CoordinatorOutcome {
  if (errorCode === 0) return 'done'
  const { name, retriable } = errorOf(errorCode)
  if (MOVED.has(name)) return 'moved'
  return retriable ? 'try_again' : 'refused'
}

/** The right that was missing (Kafka's AclOperation): a coordinator says only that there was none. */
const NEEDS: Partial<Record<number, string>> = {
  [ErrorCode.GROUP_AUTHORIZATION_FAILED]: '; describing needs DESCRIBE on the group, committing READ, deleting it DELETE',
  [ErrorCode.TOPIC_AUTHORIZATION_FAILED]: '; it needs READ on the topic',
}

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
  if (coordinatorOutcome(errorCode) === 'moved') cluster.forgetCoordinator(group)
  return new TidemarkError(name, `${what} failed: ${name} (${told ? told : text})${NEEDS[errorCode] ?? ''}`, details)
}
