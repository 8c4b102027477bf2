/**
 * Listens on every address it is given, takes connections in, up to a limit of all listeners together, and ends them
 * all when the broker closes. Connections that come while the broker is starting wait, and are not read from.
 */
import {
  type Address,
  type Clock,
  type Connection,
  formatAddress,
  isWildcard,
  type Listener,
  type ListenTls,
  TidemarkError,
  type Transport,
} from '@tidemark/platform'
import type { ListenerOptions } from '../options.ts'
import { ClientConnection, type ConnectionEnvironment, FAREWELL_MS } from './connection.ts'

/** A listener that listens. */
export interface BoundListener {
  readonly name: string
  /** Where it listens, as a client of this machine can connect to it. */
  readonly address: Address
  /** The address that a client on this machine is told to connect to. */
  readonly advertised: Address
}

const LOOPBACK = '127.0.0.1'

type Environment = Omit<ConnectionEnvironment, 'listener' | 'onClose'>

interface Opening {
  readonly options: ListenerOptions
  readonly listener: Promise<Listener>
}

interface Early {
  readonly connection: Connection
  readonly options: ListenerOptions
}

export class Listeners {
  readonly #options: readonly ListenerOptions[]
  readonly #connectionsMax: number
  readonly #clock: Clock
  readonly #connections = new Set<ClientConnection>()
  readonly #early = new Set<Early>()
  #openings: readonly Opening[] = []
  readonly #addresses = new Map<ListenerOptions, Address>()
  #environment: Environment | undefined
  #onEmpty: (() => void) | undefined
  #closing = false

  constructor(options: readonly ListenerOptions[], connectionsMax: number, clock: Clock) {
    this.#options = options
    this.#connectionsMax = connectionsMax
    this.#clock = clock
  }

  /** Begins to listen. */
  listen(transport: Transport): void {
    this.#openings = this.#options.map((options) => ({
      options,
      listener: transport.listen(options.listen, (connection) => this.#accept({ connection, options }), this.#tlsOf(options)),
    }))
    // `bound` rejects with it.
    for (const { listener } of this.#openings) listener.catch(() => {})
  }

  #tlsOf({ name, tls }: ListenerOptions): ListenTls | undefined {
    return tls && { ...tls, onRefused: (client, why) => this.#environment?.onRefused(`/${client.host}`, `${name}: ${why}`) }
  }

  /** New connections of the listener get this certificate. Throws, and keeps what it has, if it cannot be used. */
  async replaceTls(name: string, tls: ListenTls): Promise<void> {
    const opening = this.#openings.find(({ options }) => options.name === name)
    const listener = await opening?.listener
    if (listener?.replaceTls === undefined) throw new TidemarkError('INVALID_ARGUMENT', `there is no listener '${name}' with TLS`)
    listener.replaceTls(this.#tlsOf({ ...opening!.options, tls })!)
  }

  /** Resolves once all of them listen; rejects if one cannot. */
  bound(): Promise<readonly BoundListener[]> {
    return Promise.all(
      this.#openings.map(async ({ options, listener }) => {
        const { address } = await listener
        this.#addresses.set(options, address)
        const { host, port } = address
        return {
          name: options.name,
          address: { host: isWildcard(host) ? LOOPBACK : host, port },
          advertised: advertisedTo(host, address, options),
        }
      }),
    )
  }

  /** Warnings for the operator, each a sentence. */
  get warnings(): readonly string[] {
    return this.#options
      .filter(({ listen, advertise }) => isWildcard(listen.host) && advertise.host === undefined)
      .map(
        ({ listen }) =>
          `the broker listens on all addresses (${formatAddress(listen)}) and advertises to each client the address that the client connected to: ` +
          "set 'advertise' to a host that every client can reach",
      )
  }

  /** All of them listen, and there is something to serve. */
  async open(environment: Environment): Promise<void> {
    await this.bound()
    if (this.#closing) return
    this.#environment = environment
    for (const early of this.#early) {
      this.#serve(early, environment)
      early.connection.resume()
    }
    this.#early.clear()
  }

  #accept(arrived: Early): void {
    const { connection } = arrived
    const count = this.#connections.size + this.#early.size
    if (this.#closing || count >= this.#connectionsMax) {
      this.#environment?.onRefused(`/${connection.remote.host}`, `there are ${count} connections already (connectionsMax)`)
      connection.destroy()
    } else if (this.#environment !== undefined) this.#serve(arrived, this.#environment)
    else this.#hold(arrived)
  }

  #hold(arrived: Early): void {
    const { connection } = arrived
    this.#early.add(arrived)
    connection.pause()
    connection.handlers = { onData() {}, onDrain() {}, onClose: () => void this.#early.delete(arrived) }
  }

  #serve({ connection, options }: Early, environment: Environment): void {
    const { name, mechanisms } = options
    const listener = { name, mechanisms, advertised: advertisedTo(connection.local.host, this.#addresses.get(options)!, options) }
    this.#connections.add(new ClientConnection(connection, { ...environment, listener, onClose: (it) => this.#closed(it) }))
  }

  #closed(client: ClientConnection): void {
    this.#connections.delete(client)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }

  /** No new connections; parked requests end, what was answered is sent, and all connections end. */
  async close(): Promise<void> {
    this.#closing = true
    const closed = this.#stopListening()
    for (const { connection } of this.#early) connection.destroy()
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

  /** Also those that begin to listen only now. One that could not has nothing to stop. */
  async #stopListening(): Promise<void> {
    const settled = await Promise.allSettled(this.#openings.map(({ listener }) => listener))
    await Promise.all(settled.map((it) => (it.status === 'fulfilled' ? it.value.close() : undefined)))
  }
}

/** A listener on all addresses advertises to each client the address that the client connected to. */
function advertisedTo(localHost: string, bound: Address, { advertise }: ListenerOptions): Address {
  const host = advertise.host ?? (isWildcard(bound.host) ? localHost.replace(/^::ffff:/, '') : bound.host)
  return { host: isWildcard(host) ? LOOPBACK : host, port: advertise.port ?? bound.port }
}
