/** One client's connection: its bytes become frames, its frames requests, and its requests replies, until either side ends it. */
import { TidemarkError } from '@tidemark/platform'
import { parse } from '../codec/requests.js'
import { CloseConnection } from '../dispatch/close.js'
import { Pipeline } from '../dispatch/pipeline.js'
import { FrameError, FrameReader } from './frames.js'
/** How long an ended connection may take to send its last replies. */
export const FAREWELL_MS = 500
export class ClientConnection {
  #connection
  #site
  #frames
  #pipeline
  #gone = new AbortController()
  #clientHost
  #over = false
  constructor(connection, site) {
    this.#connection = connection
    this.#site = site
    this.#frames = new FrameReader(site.limits.frameBytesMax)
    this.#clientHost = `/${connection.remote.host.replace(/^::ffff:/, '')}`
    this.#pipeline = new Pipeline(
      {
        begin: (frame) => this.#begin(frame),
        write: (chunks) => void connection.write(chunks),
        get buffered() {
          return connection.buffered
        },
        read: (on) => (on ? connection.resume() : connection.pause()),
        failed: (error, handler) => this.#failed(error, handler),
      },
      site.limits,
    )
    connection.handlers = {
      onData: (chunk) => this.#onData(chunk),
      onDrain: () => this.#pipeline.pump(),
      onClose: () => this.#onClose(),
    }
  }
  /** Nothing was asked that is not answered. */
  get idle() {
    return this.#pipeline.idle
  }
  /** Parked requests let go; what was written is sent. */
  end() {
    this.#stop()
    // A connection that was held back would not notice that its client is gone.
    this.#connection.resume()
    this.#connection.end()
  }
  destroy() {
    this.#stop()
    this.#connection.destroy()
  }
  #onData(chunk) {
    if (this.#over) return
    try {
      this.#frames.push(chunk, (frame) => this.#pipeline.push(frame))
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      // What came before the damage is served, as Kafka does; nothing after it can be found.
      this.#pipeline.pump()
      return this.#refuse(error.message)
    }
    this.#pipeline.pump()
  }
  #begin(frame) {
    const parsed = parse(frame, this.#site.table)
    if (parsed.kind === 'answer') return parsed
    if (parsed.kind === 'refuse') {
      this.#refuse(parsed.why)
      return undefined
    }
    const { handler, version, correlationId, clientId, body } = parsed
    const { services, advertised } = this.#site
    const context = { version, clientId, clientHost: this.#clientHost, advertised, signal: this.#gone.signal, services }
    return { kind: 'handle', handler, version, correlationId, run: () => handler.handle(body, context) }
  }
  #failed(error, handler) {
    if (error instanceof CloseConnection) this.#refuse(error.message)
    else {
      // A failed disk was told of where it failed; whatever else a handler throws is a bug.
      if (!(error instanceof TidemarkError)) this.#site.onBug(handler.api.name, error)
      this.#farewell()
    }
  }
  #refuse(why) {
    if (this.#over) return
    this.#site.onRefused(this.#clientHost, why)
    this.#farewell()
  }
  /** Sends what is answered and closes, also if the client does not. */
  #farewell() {
    this.end()
    this.#site.services.platform.clock.schedule(FAREWELL_MS, () => this.#connection.destroy())
  }
  #onClose() {
    this.#stop()
    this.#site.onClose(this)
  }
  #stop() {
    if (this.#over) return
    this.#over = true
    this.#pipeline.close()
    this.#gone.abort()
  }
}
