/**
 * Takes connections in, up to a limit, and ends them all when the broker closes. Those that come before there is anything to serve wait, and
 * nothing of them is read.
 */
import type { Address, Clock, Connection, Listener, Transport } from '@tidemark/platform'
import { ClientConnection, type ConnectionSite, FAREWELL_MS } from './connection.ts'

export interface AcceptorOptions {
  readonly listen: Address
  readonly advertised: Partial<Address> | undefined
  readonly connectionsMax: number
}

/** Where it listens, and where clients of this machine are told that it does. */
export interface Addresses {
  readonly bound: Address
  readonly advertised: Address
}

const LOOPBACK = '127.0.0.1'

type Site = Omit<ConnectionSite, 'advertised' | 'onClose'>

export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #clock: Clock
  readonly #connections = new Set<ClientConnection>()
  readonly #early = new Set<Connection>()
  #site: Site | undefined
  #addresses: Promise<Addresses> | undefined
  #listener: Listener | undefined
  #onEmpty: (() => void) | undefined
  #closing = false

  constructor(options: AcceptorOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Begins to listen. */
  listen(transport: Transport): void {
    this.#addresses = this.#bind(transport)
    this.#addresses.catch(() => {}) // whoever asks where it listens is told
  }

  /** Rejects if it cannot listen. `listen` was called. */
  get addresses(): Promise<Addresses> {
    return this.#addresses!
  }

  async #bind(transport: Transport): Promise<Addresses> {
    this.#listener = await transport.listen(this.#options.listen, (connection) => this.#accept(connection))
    const { host, port } = this.#listener.address
    return { bound: { host: isWildcard(host) ? LOOPBACK : host, port }, advertised: this.#advertisedTo(host) }
  }

  /** It listens, and there is something to serve. */
  open(site: Site): void {
    this.#site = site
    for (const connection of this.#early) {
      this.#serve(connection, site)
      connection.resume()
    }
    this.#early.clear()
  }

  /** A listener on all addresses is known to each client by the one that it came to. */
  #advertisedTo(localHost: string): Address {
    const { advertised } = this.#options
    const bound = this.#listener!.address
    const host = advertised?.host ?? (isWildcard(bound.host) ? plain(localHost) : bound.host)
    return { host: isWildcard(host) ? LOOPBACK : host, port: advertised?.port ?? bound.port }
  }

  #accept(connection: Connection): void {
    const count = this.#connections.size + this.#early.size
    if (this.#closing || count >= this.#options.connectionsMax) {
      this.#site?.onRefused(`/${connection.remote.host}`, `there are ${count} connections already (connectionsMax)`)
      connection.destroy()
    } else if (this.#site !== undefined) this.#serve(connection, this.#site)
    else this.#hold(connection)
  }

  #hold(connection: Connection): void {
    this.#early.add(connection)
    connection.pause()
    connection.handlers = { onData() {}, onDrain() {}, onClose: () => void this.#early.delete(connection) }
  }

  #serve(connection: Connection, site: Site): void {
    const advertised = this.#advertisedTo(connection.local.host)
    this.#connections.add(new ClientConnection(connection, { ...site, advertised, onClose: (it) => this.#closed(it) }))
  }

  #closed(client: ClientConnection): void {
    this.#connections.delete(client)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }

  /** No new connections; what is parked lets go, what was answered is sent, and all connections end. */
  async close(): Promise<void> {
    this.#closing = true
    const closed = this.#closeListener()
    for (const connection of this.#early) connection.destroy()
    const empty =
      this.#connections.size === 0
        ? undefined
        : new Promise<void>((resolve) => {
            this.#onEmpty = resolve
          })
    for (const client of [...this.#connections]) client.end()
    const timer = this.#clock.schedule(FAREWELL_MS, () => {
      for (const client of [...this.#connections]) client.destroy()
    })
    await empty
    timer.cancel()
    await closed
  }

  async #closeListener(): Promise<void> {
    await this.#addresses?.catch(() => {})
    await this.#listener?.close()
  }
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === ''
const plain = (host: string): string => host.replace(/^::ffff:/, '')
