/**
 * What answers a request: one handler an API, each in a file of its own under handle/.
 *
 * A handler may answer within the call or later. Requests of one connection start in order and are answered in order;
 * `holds` says whether a missing answer also keeps the next request from starting (a parked Fetch, JoinGroup or
 * SyncGroup does; a Produce or OffsetCommit that only waits to be durable does not).
 */
import type { Now } from '@tidemark/platform'
import type { Api, Infer, InferInput } from '@tidemark/protocol'
import type { RequestContext } from './request-context.ts'

/** `Needs` are the services that it asks for. */
export interface Handler<A extends Api = any, Needs = any> {
  readonly api: A
  readonly versions: readonly [min: number, max: number]
  readonly holds: boolean
  /** Undefined: no answer is sent (Produce with acks=0). */
  handle(request: Infer<A['request']>, context: RequestContext<Needs>): Now<InferInput<A['response']> | undefined>
}

export function handler<A extends Api, Needs = unknown>(
  api: A,
  options: { versions: readonly [number, number]; holds?: boolean },
  handle: Handler<A, Needs>['handle'],
): Handler<A, Needs> {
  return { api, versions: options.versions, holds: options.holds ?? true, handle }
}
