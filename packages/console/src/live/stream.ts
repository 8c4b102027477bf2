/** Server-sent events to one browser. One that does not read is disconnected, and connects again by itself. */
import type { Clock, Timer } from '@tidemark/platform'
import type { FastifyReply } from 'fastify'

/** What may wait for a browser to read it. */
const BUFFER_BYTES_MAX = 8 * 1024 * 1024
/** Shorter than the patience of proxies, and soon enough for the page to see that the console has gone. */
const HEARTBEAT_MS = 10_000

export class EventStream {
  readonly #reply: FastifyReply
  readonly #clock: Clock
  #timer: Timer | undefined
  readonly ended: AbortController = new AbortController()

  constructor(reply: FastifyReply, clock: Clock) {
    this.#reply = reply
    this.#clock = clock
    reply.hijack()
    const { raw } = reply
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
    raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' })
    raw.on('close', () => this.#end())
    raw.write('retry: 2000\n\n')
    this.#beat()
  }

  send(event: object): void {
    if (this.ended.signal.aborted) return
    const { raw } = this.#reply
    if (raw.writableLength > BUFFER_BYTES_MAX) return void raw.destroy()
    raw.write(`data: ${JSON.stringify(event)}\n\n`)
  }

  /** Nothing is sent from here on: what was on its way to `send` would be a write after the end. */
  close(): void {
    this.#end()
    this.#reply.raw.end()
  }

  #beat(): void {
    this.#timer = this.#clock.schedule(HEARTBEAT_MS, () => {
      this.#reply.raw.write(': beat\n\n')
      this.#beat()
    })
  }

  #end(): void {
    this.#timer?.cancel()
    this.ended.abort()
  }
}
