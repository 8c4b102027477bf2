/** To whom administration goes: the controller, a node by its id, or the leader of a partition. */
import { TidemarkError } from '@tidemark/platform'
import { ErrorCode, errorOf } from '@tidemark/protocol'
import type { Cluster } from '../cluster/cluster.ts'
import { type CallLimits, mayPass, retrying } from '../cluster/retrying.ts'

/**
 * Asks the controller, or any node while it is not known (which passes the request on), until the answer is one to
 * keep.
 */
export function askController<T extends { readonly errorCode: number }>(
  cluster: Cluster,
  what: string,
  limits: CallLimits,
  attempt: (node: number | 'any', signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // Once the request may have been done, "exists already" and "does not exist" would be told about our own deed.
  const retries = (error: TidemarkError): boolean => error.code === 'UNREACHABLE' || error.code === 'NOT_CONTROLLER'
  let isFirst = true
  return retrying(cluster, { what, retries, ...limits }, async (signal) => {
    if (!isFirst) await cluster.refresh([], signal)
    isFirst = false
    const controller = cluster.nodes().find((n) => n.nodeId === cluster.controllerId)
    const answer = await attempt(controller?.nodeId ?? 'any', signal)
    const { name, text } = errorOf(answer.errorCode)
    if (name === 'NOT_CONTROLLER') throw new TidemarkError(name, `${what} failed: ${name} (${text})`)
    return answer
  })
}

/**
 * The error of an answer, in Kafka's name and the cluster's words; `needs` is the right to the cluster that the
 * request needs.
 */
export function refusal(
  what: string,
  errorCode: number,
  told?: string | null,
  details: { topic?: string; partition?: number } = {},
  needs?: 'DESCRIBE' | 'ALTER',
): TidemarkError {
  const { name, text } = errorOf(errorCode)
  const hint = needs !== undefined && errorCode === ErrorCode.CLUSTER_AUTHORIZATION_FAILED ? `; it needs ${needs} on the cluster` : ''
  return new TidemarkError(name, `${what} failed: ${name} (${told ? told : text})${hint}`, details)
}

/** Asks any node; an answer with an error that another attempt may fix is asked for again. */
export function askAny<T extends { readonly errorCode: number; readonly errorMessage?: string | null }>(
  cluster: Cluster,
  what: string,
  limits: CallLimits,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return retrying(cluster, { what, retries: mayPass, ...limits }, async (signal) => {
    const answer = await attempt(signal)
    if (answer.errorCode !== 0) throw refusal(what, answer.errorCode, answer.errorMessage)
    return answer
  })
}
