/** Takes connections in, up to a limit, and ends them all when the broker closes. */
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

export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #site: Omit<ConnectionSite, 'advertised' | 'onClose'>
  readonly #connections = new Set<ClientConnection>()
  readonly #clock: Clock
  #listener: Listener | undefined
  /** Not read from yet; undefined once the acceptor is open. */
  #early: Connection[] | undefined = []
  #onEmpty: (() => void) | undefined
  #closing = false

  constructor(options: AcceptorOptions, site: Omit<ConnectionSite, 'advertised' | 'onClose'>, clock: Clock) {
    this.#options = options
    this.#site = site
    this.#clock = clock
  }

  /** Connections are taken in from now on; nothing that comes over them is read before `open`. */
  async listen(transport: Transport): Promise<Addresses> {
    this.#listener = await transport.listen(this.#options.listen, (connection) => this.#accept(connection))
    const { host, port } = this.#listener.address
    return { bound: { host: isWildcard(host) ? LOOPBACK : host, port }, advertised: this.#advertisedTo(host) }
  }

  open(): void {
    for (const connection of this.#early ?? []) connection.resume()
    this.#early = undefined
  }

  /** A listener on all addresses is known to each client by the one that it came to. */
  #advertisedTo(localHost: string): Address {
    const { advertised } = this.#options
    const bound = this.#listener!.address
    const host = advertised?.host ?? (isWildcard(bound.host) ? plain(localHost) : bound.host)
    return { host: isWildcard(host) ? LOOPBACK : host, port: advertised?.port ?? bound.port }
  }

  #accept(connection: Connection): void {
    if (this.#closing || this.#connections.size >= this.#options.connectionsMax) {
      this.#site.onRefused(`/${connection.remote.host}`, `there are ${this.#connections.size} connections already (connectionsMax)`)
      connection.destroy()
      return
    }
    const advertised = this.#advertisedTo(connection.local.host)
    const client = new ClientConnection(connection, { ...this.#site, advertised, onClose: (it) => this.#closed(it) })
    this.#connections.add(client)
    if (this.#early === undefined) return
    connection.pause()
    this.#early.push(connection)
  }

  #closed(client: ClientConnection): void {
    this.#connections.delete(client)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }

  /** No new connections; what is parked lets go, what was answered is sent, and all connections end. */
  async close(): Promise<void> {
    this.#closing = true
    const closed = this.#listener?.close()
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
}

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === ''
const plain = (host: string): string => host.replace(/^::ffff:/, '')
