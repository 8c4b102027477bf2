/**
 * Who is at the other end of a connection, and what it may ask before that is known.
 *
 * On a listener without SASL a client is who its certificate says, or nobody (ANONYMOUS). On one with SASL it may ask
 * for the versions, name a mechanism and exchange its messages, and nothing else; any other request ends the
 * connection (trap 4). Once its session is over it may only authenticate again, as the same user by the same mechanism
 * (KIP-368); while it does, it may ask for nothing else (Kafka's `SaslServerAuthenticator`).
 */
import { apis } from '@tidemark/protocol'
import { ANONYMOUS, type Principal } from '../dispatch/request-context.ts'
import type { SaslMechanism } from '../options.ts'
import type { Exchange } from './mechanisms.ts'

const BEFORE: ReadonlySet<number> = new Set([apis.ApiVersions.key, apis.SaslHandshake.key, apis.SaslAuthenticate.key])
const AGAIN: ReadonlySet<number> = new Set([apis.SaslHandshake.key, apis.SaslAuthenticate.key])

export interface SessionOf {
  /** Of the listener; none: it asks for no authentication. */
  readonly mechanisms: readonly SaslMechanism[]
  /** Of the client's certificate. */
  readonly peerName: string | undefined
  readonly monotonicMs: () => number
}

export class Session {
  readonly mechanisms: readonly SaslMechanism[]
  readonly #monotonicMs: () => number
  #principal: Principal
  #isAuthenticated: boolean
  #mechanism: SaslMechanism | undefined
  #expiresAtMs = Number.POSITIVE_INFINITY
  /** The exchange that is under way. */
  exchange: Exchange | undefined
  /** After SaslHandshake 0: the messages of the exchange come without a Kafka header. */
  isRaw = false
  /** The client was refused: the connection ends once it has been told. */
  isRefused = false

  constructor({ mechanisms, peerName, monotonicMs }: SessionOf) {
    this.mechanisms = mechanisms
    this.#monotonicMs = monotonicMs
    this.#isAuthenticated = mechanisms.length === 0
    this.#principal = peerName === undefined ? ANONYMOUS : { type: 'User', name: peerName }
  }

  get principal(): Principal {
    return this.#principal
  }

  get isAuthenticated(): boolean {
    return this.#isAuthenticated
  }

  get mechanism(): SaslMechanism | undefined {
    return this.#mechanism
  }

  /** Why the request may not be made now; undefined: it may. */
  refusal(apiKey: number): string | undefined {
    if (this.isRefused) return 'authentication has failed'
    if (!this.#isAuthenticated) return BEFORE.has(apiKey) ? undefined : 'the client has not authenticated'
    if (AGAIN.has(apiKey)) return undefined
    if (this.exchange !== undefined) return 'the client has begun to authenticate again, and has not finished'
    const isOver = this.#monotonicMs() >= this.#expiresAtMs
    return isOver ? 'the session is over, and the client has not authenticated again' : undefined
  }

  /**
   * Why the exchange that has succeeded does not count; undefined: it does. `lifetimeMs` 0: as long as the connection.
   */
  authenticated(name: string, mechanism: SaslMechanism, lifetimeMs: number): string | undefined {
    if (this.#isAuthenticated && name !== this.#principal.name) return 'a connection cannot be authenticated as another user'
    this.#principal = { type: 'User', name }
    this.#mechanism = mechanism
    this.#isAuthenticated = true
    this.#expiresAtMs = lifetimeMs === 0 ? Number.POSITIVE_INFINITY : this.#monotonicMs() + lifetimeMs
    this.exchange = undefined
    this.isRaw = false
    return undefined
  }
}
