/**
 * What answers a request: one handler an API, each in a file of its own under handle/.
 *
 * A handler may answer within the call or later. Requests of one connection start in order and are answered in order;
 * `holds` says whether an answer that is not there yet also keeps the next request from starting (a parked Fetch, JoinGroup or
 * SyncGroup does; a Produce or OffsetCommit that only waits to be durable does not).
 */
import type { Address, Now } from '@tidemark/platform'
import type { Api, Infer, InferInput } from '@tidemark/protocol'
import type { Services } from './services.ts'

export interface RequestContext {
  readonly version: number
  readonly clientId: string | null
  /** The client's address as Kafka writes it: `/127.0.0.1`. */
  readonly clientHost: string
  /** The address that clients of this listener are told to use. */
  readonly advertised: Address
  /** Aborts when the connection is gone: whoever parks a request for it lets go. */
  readonly signal: AbortSignal
  readonly services: Services
}

export interface Handler<A extends Api = any> {
  readonly api: A
  readonly versions: readonly [min: number, max: number]
  readonly holds: boolean
  /** Undefined: no answer is sent (Produce with acks=0). */
  handle(request: Infer<A['request']>, context: RequestContext): Now<InferInput<A['response']> | undefined>
}

export function handler<A extends Api>(
  api: A,
  options: { versions: readonly [number, number]; holds?: boolean },
  handle: Handler<A>['handle'],
): Handler<A> {
  return { api, versions: options.versions, holds: options.holds ?? true, handle }
}
