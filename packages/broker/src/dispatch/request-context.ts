/** What a handler knows of a request beside its body. */
import type { Address } from '@tidemark/platform'
import type { Session } from '../auth/session.ts'
import type { SaslMechanism } from '../options.ts'

/** Who sent the request (Kafka's KafkaPrincipal). */
export interface Principal {
  readonly type: string
  readonly name: string
}

/** A client that did not say who it is. */
export const ANONYMOUS: Principal = { type: 'User', name: 'ANONYMOUS' }

/** The node that answers: one process may be several nodes. */
export interface VirtualNode {
  readonly id: number
  readonly rack: string | null
}

export interface RequestListener {
  readonly name: string
  /** The address of this node that clients of this listener are told to use. */
  readonly advertised: Address
  /** That of another node. */
  addressOf(nodeId: number): Address
  /** By which a client must say who it is; none: it need not. */
  readonly mechanisms: readonly SaslMechanism[]
}

/** `Services` are those that the handler asks for. */
export interface RequestContext<Services = unknown> {
  readonly version: number
  readonly clientId: string | null
  /** The client's address as Kafka writes it: `/127.0.0.1`. */
  readonly clientHost: string
  readonly principal: Principal
  /** Of the connection: who it is, and by which exchange it says so. */
  readonly session: Session
  readonly listener: RequestListener
  readonly node: VirtualNode
  /** Aborts when the connection is gone: a request that is parked for it ends. */
  readonly signal: AbortSignal
  readonly services: Services
}
