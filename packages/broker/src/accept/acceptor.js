import { ClientConnection, FAREWELL_MS } from './connection.js'

const LOOPBACK = '127.0.0.1'
export class Acceptor {
  #options
  #site
  #connections = new Set()
  #clock
  #listener
  #onEmpty
  #closing = false
  constructor(options, site, clock) {
    this.#options = options
    this.#site = site
    this.#clock = clock
  }
  async listen(transport) {
    this.#listener = await transport.listen(this.#options.listen, (connection) => this.#accept(connection))
    const { host, port } = this.#listener.address
    return { bound: { host: isWildcard(host) ? LOOPBACK : host, port }, advertised: this.#advertisedTo(host) }
  }
  /** A listener on all addresses is known to each client by the one that it came to. */
  #advertisedTo(localHost) {
    const { advertised } = this.#options
    const bound = this.#listener.address
    const host = advertised?.host ?? (isWildcard(bound.host) ? plain(localHost) : bound.host)
    return { host: isWildcard(host) ? LOOPBACK : host, port: advertised?.port ?? bound.port }
  }
  #accept(connection) {
    if (this.#closing || this.#connections.size >= this.#options.connectionsMax) {
      this.#site.onRefused(`/${connection.remote.host}`, `there are ${this.#connections.size} connections already (connectionsMax)`)
      connection.destroy()
      return
    }
    const advertised = this.#advertisedTo(connection.local.host)
    const client = new ClientConnection(connection, { ...this.#site, advertised, onClose: (it) => this.#closed(it) })
    this.#connections.add(client)
  }
  #closed(client) {
    this.#connections.delete(client)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }
  /** No new connections; what is parked lets go, what was answered is sent, and all connections end. */
  async close() {
    this.#closing = true
    const closed = this.#listener?.close()
    const empty =
      this.#connections.size === 0
        ? undefined
        : new Promise((resolve) => {
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
const isWildcard = (host) => host === '0.0.0.0' || host === '::' || host === ''
const plain = (host) => host.replace(/^::ffff:/, '')
