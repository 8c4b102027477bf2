/**
 * A link: the one connection that is kept for an owner, a purpose and an address. It is made at the first request,
 * made again after it broke, and never sooner than its back-off says. Back-off ends with the first answer after the
 * handshake: a broker that accepts and then closes is as unreachable as one that does not listen.
 */
import { type Address, advice, type Connection, formatAddress, TidemarkError, type Timer } from '@tidemark/platform'
import { WireError } from '@tidemark/protocol'
import type { ResolvedKafkaOptions } from '../options.ts'
import { backoffMs } from '../retry.ts'
import { abortable, pause } from './abortable.ts'
import { authenticate, keepSession } from './authenticate.ts'
import { Closing } from './closing.ts'
import { BrokerConnection } from './connection.ts'
import { askVersions, type SpokenVersions } from './handshake.ts'

export interface OpenConnection {
  readonly connection: BrokerConnection
  readonly versions: SpokenVersions
}

export class Link {
  readonly address: Address
  readonly where: string
  readonly #options: ResolvedKafkaOptions
  #open: OpenConnection | undefined
  #opening: Promise<OpenConnection> | undefined
  /** Also those that still shake hands, and those that only finish their requests in flight. */
  readonly #connections = new Set<BrokerConnection>()
  /** Of open connections: when their sessions are renewed, and when their idleness is looked at. */
  readonly #sessions = new Map<BrokerConnection, Timer>()
  readonly #idleness = new Map<BrokerConnection, Timer>()
  /** Of connections whose session is being renewed: resolves when it has been, or has failed. */
  readonly #renewals = new Map<BrokerConnection, Promise<void>>()
  #failures = 0
  #notBeforeMs = 0
  readonly #closing = new Closing()

  constructor(address: Address, options: ResolvedKafkaOptions) {
    this.address = address
    this.where = formatAddress(address)
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#open?.connection.usable ?? false
  }

  /** On the monotonic clock; 0: at once. */
  get notBeforeMs(): number {
    return this.#notBeforeMs
  }

  get idle(): boolean {
    return this.#opening === undefined && [...this.#connections].every((connection) => connection.idle)
  }

  /**
   * The open connection; a new one if there is none. Rejects UNREACHABLE, TIMED_OUT, CONNECTION_LOST or
   * UNSUPPORTED_VERSION.
   */
  connect(): OpenConnection | Promise<OpenConnection> {
    if (this.#closing.error !== undefined) return Promise.reject(this.#closing.error)
    if (this.#open?.connection.usable) {
      const renewal = this.#renewals.get(this.#open.connection)
      return renewal === undefined ? this.#open : renewal.then(() => this.connect())
    }
    // A link that is closed rejects at once, though the transport may take its time to connect or fail.
    this.#opening ??= abortable(this.#dial(), this.#limits()).finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** The broker answered a request: the next reconnection need not wait. */
  answered(): void {
    this.#failures = 0
    this.#notBeforeMs = 0
  }

  close(error: TidemarkError): void {
    this.#closing.close(error)
    for (const connection of [...this.#connections]) connection.close(error)
  }

  async #dial(): Promise<OpenConnection> {
    const { platform, connectTimeoutMs } = this.#options
    const waitMs = this.#notBeforeMs - platform.clock.monotonic()
    if (waitMs > 0) await pause(platform.clock, waitMs, this.#limits())
    if (this.#closing.error !== undefined) throw this.#closing.error
    this.#failures++
    try {
      const socket = await platform.transport.connect(this.address, connectTimeoutMs, this.#options.tls)
      return await this.#shakeHands(socket)
    } finally {
      this.#notBeforeMs = platform.clock.monotonic() + backoffMs(platform.random, this.#options.retry, this.#failures)
    }
  }

  async #shakeHands(socket: Connection): Promise<OpenConnection> {
    const { platform, clientId, requestTimeoutMs } = this.#options
    const connection = new BrokerConnection(socket, this.where, platform.clock, this.#options, () => this.#onClosed(connection))
    if (this.#closing.error !== undefined) {
      connection.close(this.#closing.error)
      throw this.#closing.error
    }
    this.#connections.add(connection)
    try {
      const versions = await askVersions(connection, this.where, clientId, requestTimeoutMs)
      await this.#authenticate(connection, versions)
      this.#open = { connection, versions }
      this.#watchIdle(connection)
      return this.#open
    } catch (error) {
      const failure = this.#closing.error ?? handshakeError(this.where, error)
      connection.close(failure instanceof TidemarkError ? failure : new TidemarkError('CONNECTION_LOST', 'the handshake failed'))
      throw failure
    }
  }

  async #authenticate(connection: BrokerConnection, versions: SpokenVersions): Promise<void> {
    const { platform, clientId, requestTimeoutMs: timeoutMs, sasl } = this.#options
    if (sasl === undefined) return
    const conversation = { connection, versions, where: this.where, clientId, timeoutMs }
    const lifetimeMs = await authenticate(conversation, sasl)
    const hold = (renewal: Promise<unknown>): void => {
      const over = (): void => void this.#renewals.delete(connection)
      this.#renewals.set(connection, renewal.then(over, over))
    }
    const session = keepSession(conversation, sasl, lifetimeMs, platform.clock, platform.random.next(), hold)
    if (session !== undefined) this.#sessions.set(connection, session)
  }

  /** A connection without requests for so long is closed; the next request opens another one. */
  #watchIdle(connection: BrokerConnection): void {
    const { platform, connectionIdleMs } = this.#options
    if (connectionIdleMs === Number.POSITIVE_INFINITY) return
    let sent = -1
    const look = (): void => {
      if (connection.idle && connection.sent === sent) {
        if (this.#open?.connection === connection) this.#open = undefined
        connection.close(new TidemarkError('CONNECTION_LOST', `the connection to ${this.where} was idle for ${connectionIdleMs} ms`))
        return
      }
      sent = connection.sent
      this.#idleness.set(connection, platform.clock.schedule(connectionIdleMs, look))
    }
    look()
  }

  #limits() {
    return { what: `connecting to ${this.where}`, closing: this.#closing }
  }

  #onClosed(connection: BrokerConnection): void {
    this.#connections.delete(connection)
    for (const timers of [this.#sessions, this.#idleness]) {
      timers.get(connection)?.cancel()
      timers.delete(connection)
    }
    if (this.#open?.connection === connection) this.#open = undefined
  }
}

/** They say what is wrong. UNREACHABLE is the token endpoint here: this connection was open already. */
const CLEAR: ReadonlySet<string> = new Set(['UNSUPPORTED_VERSION', 'UNSUPPORTED_SASL_MECHANISM', 'UNAUTHORIZED', 'UNREACHABLE'])

function handshakeError(where: string, error: unknown): unknown {
  if (!(error instanceof TidemarkError || error instanceof WireError)) return error
  if (CLEAR.has(error.code)) return error
  const refused = refusedByTls(error)
  if (refused !== undefined) {
    const text = `${where} refuses this client in the TLS handshake (${refused.code}): ${advice().checkCertificate}`
    return new TidemarkError('TLS_FAILED', text, { cause: error })
  }
  const why = error.message
  const text = `${where} accepted the connection but did not shake hands (${why}); check that the port is a Kafka listener, and whether it asks for TLS or SASL`
  return new TidemarkError('UNREACHABLE', text, { cause: error })
}

/** With TLS 1.3 a server that does not take our certificate says so after the handshake. */
function refusedByTls(error: unknown): { readonly code: string } | undefined {
  for (let it = error as { code?: string; cause?: unknown } | undefined; it !== undefined && it !== null; it = it.cause as typeof it) {
    if (it.code?.startsWith('ERR_SSL')) return { code: it.code }
  }
  return undefined
}
