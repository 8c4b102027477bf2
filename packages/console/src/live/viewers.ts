/** The live connections, counted: more than `viewersMax` are refused, and all end with the console. */
import type { Clock } from '@tidemark/platform'
import type { FastifyReply } from 'fastify'
import { Refusal } from '../guard/refusal.ts'
import { EventStream } from './stream.ts'

export class Viewers {
  readonly #clock: Clock
  readonly #max: number
  readonly #streams = new Set<EventStream>()

  constructor(clock: Clock, max: number) {
    this.#clock = clock
    this.#max = max
  }

  open(reply: FastifyReply): EventStream {
    if (this.#streams.size >= this.#max) {
      throw new Refusal(
        503,
        'TOO_MANY_VIEWERS',
        `${this.#max} pages are live already; close one, or start the console with a higher viewersMax`,
      )
    }
    const stream = new EventStream(reply, this.#clock)
    this.#streams.add(stream)
    stream.ended.signal.addEventListener('abort', () => this.#streams.delete(stream), { once: true })
    return stream
  }

  closeAll(): void {
    for (const stream of this.#streams) stream.close()
  }
}
