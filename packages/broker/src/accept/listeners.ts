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
import type { VirtualNode } from '../dispatch/request-context.ts'
import { listenerOfNode } from '../node-options.ts'
import type { ListenerOptions } from '../options.ts'
import { ClientConnection, type ConnectionEnvironment, FAREWELL_MS } from './connection.ts'

/** A listener that listens. */
export interface BoundListener {
  readonly name: string
  readonly nodeId: number
  /** Where it listens, as a client of this machine can connect to it. */
  readonly address: Address
  /** The address that a client on this machine is told to connect to. */
  readonly advertised: Address
}

const LOOPBACK = '127.0.0.1'

type Environment = Omit<ConnectionEnvironment, 'listener' | 'node' | 'onClose'>

/** A listener of one of the nodes. */
interface Place {
  readonly node: VirtualNode
  readonly options: ListenerOptions
}

interface Opening {
  readonly place: Place
  /** Undefined: its node was stopped. */
  listener: Promise<Listener> | undefined
}

interface Early {
  readonly connection: Connection
  readonly place: Place
}

export class Listeners {
  readonly #places: readonly Place[]
  readonly #connectionsMax: number
  readonly #clock: Clock
  readonly #connections = new Map<ClientConnection, Place>()
  readonly #early = new Set<Early>()
  /** Connections above the quota of their address. */
  readonly #throttled = new Set<Connection>()
  #openings: readonly Opening[] = []
  readonly #addresses = new Map<Place, Address>()
  #transport: Transport | undefined
  #environment: Environment | undefined
  #onEmpty: (() => void) | undefined
  #closing = false

  constructor(options: readonly ListenerOptions[], nodes: readonly VirtualNode[], connectionsMax: number, clock: Clock) {
    this.#places = nodes.flatMap((node, i) => options.map((it) => ({ node, options: listenerOfNode(it, i) })))
    this.#connectionsMax = connectionsMax
    this.#clock = clock
  }

  /** Begins to listen. */
  listen(transport: Transport): void {
    this.#transport = transport
    this.#openings = this.#places.map((place) => ({ place, listener: this.#listenAt(transport, place, place.options.listen) }))
    // `bound` rejects with it.
    for (const { listener } of this.#openings) listener?.catch(() => {})
  }

  #listenAt(transport: Transport, place: Place, address: Address): Promise<Listener> {
    return transport.listen(address, (connection) => this.#accept({ connection, place }), this.#tlsOf(place.options))
  }

  /** The node takes no connections, and those that it has end. */
  async stopNode(id: number): Promise<void> {
    const openings = this.#openings.filter(({ place }) => place.node.id === id)
    const listening = openings.map(({ listener }) => listener)
    for (const opening of openings) opening.listener = undefined
    const closed = Promise.all(listening.map(async (listener) => (await listener)?.close()))
    for (const [client, place] of this.#connections) if (place.node.id === id) client.destroy()
    await closed
  }

  /** It listens where it did before. Rejects if it cannot: another program may have taken its port. */
  async startNode(id: number): Promise<void> {
    const openings = this.#openings.filter(({ place, listener }) => place.node.id === id && listener === undefined)
    await Promise.all(
      openings.map(async (opening) => {
        opening.listener = this.#listenAt(this.#transport!, opening.place, this.#addresses.get(opening.place)!)
        await opening.listener
      }),
    )
  }

  #tlsOf({ name, tls }: ListenerOptions): ListenTls | undefined {
    return tls && { ...tls, onRefused: (client, why) => this.#environment?.onRefused(client.host, `${name}: ${why}`) }
  }

  /** New connections of the listener get this certificate. Throws, and keeps what it has, if it cannot be used. */
  async replaceTls(name: string, tls: ListenTls): Promise<void> {
    const openings = this.#openings.filter(({ place }) => place.options.name === name)
    const listeners = await Promise.all(openings.map(({ listener }) => listener))
    if (!listeners.some((listener) => listener?.replaceTls !== undefined))
      throw new TidemarkError('INVALID_ARGUMENT', `there is no listener '${name}' with TLS`)
    for (const [i, listener] of listeners.entries()) listener?.replaceTls?.(this.#tlsOf({ ...openings[i]!.place.options, tls })!)
  }

  /** Resolves once all of them listen; rejects if one cannot. */
  bound(): Promise<readonly BoundListener[]> {
    return Promise.all(
      this.#openings.map(async ({ place, listener }) => {
        const { address } = (await listener)!
        const { node, options } = place
        this.#addresses.set(place, address)
        const { host, port } = address
        return {
          name: options.name,
          nodeId: node.id,
          address: { host: isWildcard(host) ? LOOPBACK : host, port },
          advertised: advertisedTo(host, address, options),
        }
      }),
    )
  }

  /** Warnings for the operator, each a sentence. */
  get warnings(): readonly string[] {
    const ofFirst = this.#places.filter(({ node }) => node === this.#places[0]!.node)
    return ofFirst
      .map(({ options }) => options)
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
    const count = this.#connections.size + this.#early.size + this.#throttled.size
    const delayMs = this.#environment?.services.throttle.connected(hostOf(connection)) ?? 0
    if (delayMs > 0) return this.#throttle(connection, delayMs)
    if (this.#closing || count >= this.#connectionsMax) {
      this.#environment?.onRefused(hostOf(connection), `there are ${count} connections already (connectionsMax)`)
      connection.destroy()
    } else if (this.#environment !== undefined) this.#serve(arrived, this.#environment)
    else this.#hold(arrived)
  }

  /** Above its address's quota of connections (KIP-612): it is not read from, and then closed. */
  #throttle(connection: Connection, delayMs: number): void {
    this.#environment!.onRefused(hostOf(connection), 'its address makes more connections than its quota (connection_creation_rate)')
    connection.pause()
    const timer = this.#clock.schedule(delayMs, () => connection.destroy())
    const onClose = (): void => {
      timer.cancel()
      this.#throttled.delete(connection)
    }
    connection.handlers = { onData() {}, onDrain() {}, onClose }
    this.#throttled.add(connection)
  }

  #hold(arrived: Early): void {
    const { connection } = arrived
    this.#early.add(arrived)
    connection.pause()
    connection.handlers = { onData() {}, onDrain() {}, onClose: () => void this.#early.delete(arrived) }
  }

  #serve({ connection, place }: Early, environment: Environment): void {
    const { node, options } = place
    const { name, mechanisms } = options
    const advertised = (it: Place): Address => advertisedTo(connection.local.host, this.#addresses.get(it)!, it.options)
    const addressOf = (id: number): Address => advertised(this.#places.find((it) => it.node.id === id && it.options.name === name)!)
    const listener = { name, mechanisms, advertised: advertised(place), addressOf }
    this.#connections.set(new ClientConnection(connection, { ...environment, node, listener, onClose: (it) => this.#closed(it) }), place)
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
    for (const connection of this.#throttled) connection.destroy()
    const empty =
      this.#connections.size === 0
        ? undefined
        : new Promise<void>((resolve) => {
            this.#onEmpty = resolve
          })
    for (const client of [...this.#connections.keys()]) client.end()
    const timer = this.#clock.schedule(FAREWELL_MS, () => {
      for (const client of [...this.#connections.keys()]) client.destroy()
    })
    await empty
    timer.cancel()
    await closed
  }

  /** Also those that begin to listen only now. One that could not has nothing to stop. */
  async #stopListening(): Promise<void> {
    const settled = await Promise.allSettled(this.#openings.map(({ listener }) => listener))
    await Promise.all(settled.map((it) => (it.status === 'fulfilled' ? it.value?.close() : undefined)))
  }
}

const hostOf = ({ remote }: Connection): string => remote.host.replace(/^::ffff:/, '')

/** A listener on all addresses advertises to each client the address that the client connected to. */
function advertisedTo(localHost: string, bound: Address, { advertise }: ListenerOptions): Address {
  const host = advertise.host ?? (isWildcard(bound.host) ? localHost.replace(/^::ffff:/, '') : bound.host)
  return { host: isWildcard(host) ? LOOPBACK : host, port: advertise.port ?? bound.port }
}
