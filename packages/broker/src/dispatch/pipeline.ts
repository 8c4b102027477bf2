/**
 * The requests of one connection: begun in the order they came in, answered in that order.
 *
 * A request that holds keeps the next one from starting until it is answered; one that does not lets the next start
 * as soon as its handler returned. No request starts while too many are unanswered, or while the client leaves too
 * many bytes of replies unread: then its connection is not read from either, and nothing is kept for it without
 * bound.
 */
import { encodeResponse } from '@tidemark/protocol'
import { isLater } from '../now.ts'
import type { Handler } from './handler.ts'
import type { OutputMemory } from './output-memory.ts'

export interface PipelineLimits {
  readonly requestsInFlightMax: number
  readonly outputBufferBytesMax: number
}

/** Frames that wait to be begun: with more of them the connection is not read from. */
const QUEUED_FRAMES_MAX = 64
/**
 * A client that has not taken fewer bytes than this is not a slow reader: the machine reports only when it has taken
 * more.
 */
const QUIET_BYTES = 64 * 1024

export type Begun =
  | { readonly kind: 'answer'; readonly chunks: readonly Uint8Array[] }
  | {
      readonly kind: 'handle'
      readonly handler: Handler
      readonly version: number
      readonly correlationId: number
      readonly run: () => unknown
    }
  /** A message of SASL without a Kafka header; so is the answer. Nothing else is begun meanwhile. */
  | { readonly kind: 'raw'; readonly run: () => Promise<readonly Uint8Array[]> }

export interface PipelineSide {
  /** Undefined: the frame ended the connection. */
  begin(frame: Buffer): Begun | undefined
  write(chunks: readonly Uint8Array[]): void
  /** Bytes that the client has not taken. */
  readonly buffered: number
  /** Whether the connection is read from. */
  read(on: boolean): void
  /** The handler threw: the connection ends. */
  failed(error: unknown, handler: Handler | undefined): void
  /** The request is answered: its frame is not needed any more. */
  answered(frame: Buffer, handler: Handler): void
}

interface Slot {
  chunks: readonly Uint8Array[] | undefined
  done: boolean
}

export class Pipeline {
  readonly #side: PipelineSide
  readonly #limits: PipelineLimits
  readonly #memory: OutputMemory
  #queue: Buffer[] = []
  #queuedBytes = 0
  readonly #slots: Slot[] = []
  #held = false
  /** How many throttlings are not over. */
  #muted = 0
  #reading = true
  #pumping = false
  #closed = false
  #out: Uint8Array[] = []
  #outBytes = 0
  /** Bytes that the client has not taken, as last reported to the memory of all connections. */
  #untakenBytes = 0

  constructor(side: PipelineSide, limits: PipelineLimits, memory: OutputMemory) {
    this.#side = side
    this.#limits = limits
    this.#memory = memory
  }

  /** Nothing is begun and nothing unanswered. */
  get idle(): boolean {
    return this.#queue.length === 0 && this.#slots.length === 0
  }

  push(frame: Buffer): void {
    this.#queue.push(frame)
    this.#queuedBytes += frame.length
  }

  /** Begins what may begin, and sends what is answered: after bytes came in, and when the client took some. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    this.#count()
    while (this.#mayBegin()) {
      const frame = this.#queue.shift()!
      this.#queuedBytes -= frame.length
      this.#begin(frame)
    }
    this.#pumping = false
    this.#flush()
    this.#count()
    this.#holdBack()
  }

  /** Nothing more is read or begun until as many calls of `unmute`. */
  mute(): void {
    this.#muted++
    this.#holdBack()
  }

  unmute(): void {
    this.#muted--
    this.pump()
  }

  #count(): void {
    const { buffered } = this.#side
    const untaken = this.#closed || buffered < QUIET_BYTES ? 0 : buffered
    if (untaken !== this.#untakenBytes) this.#memory.take(untaken - this.#untakenBytes)
    this.#untakenBytes = untaken
  }

  #mayBegin(): boolean {
    if (this.#closed || this.#held || this.#muted > 0 || this.#queue.length === 0) return false
    if (this.#slots.length >= this.#limits.requestsInFlightMax) return false
    if (this.#memory.isFull && (this.#untakenBytes > 0 || this.#outBytes >= QUIET_BYTES)) return false
    return this.#side.buffered + this.#outBytes <= this.#limits.outputBufferBytesMax
  }

  #holdBack(): void {
    const tooMany = this.#queue.length >= QUEUED_FRAMES_MAX || this.#queuedBytes > this.#limits.outputBufferBytesMax
    const reads = !tooMany && this.#muted === 0 && this.#side.buffered <= this.#limits.outputBufferBytesMax
    if (reads === this.#reading || this.#closed) return
    this.#reading = reads
    this.#side.read(reads)
  }

  #begin(frame: Buffer): void {
    const begun = this.#side.begin(frame)
    if (begun === undefined) return
    const slot: Slot = { chunks: undefined, done: false }
    this.#slots.push(slot)
    if (begun.kind === 'answer') {
      this.#finish(slot, begun.chunks)
      return
    }
    if (begun.kind === 'raw') return this.#beginRaw(slot, begun.run)
    const { handler, version, correlationId, run } = begun
    const answer = (body: unknown): void => {
      this.#side.answered(frame, handler)
      this.#finish(slot, body === undefined ? undefined : encodeResponse(handler.api, version, correlationId, body as never))
    }
    try {
      const body = run()
      if (!isLater(body)) {
        answer(body)
        return
      }
      if (handler.holds) this.#held = true
      body
        .then((it) => {
          if (handler.holds) this.#held = false
          if (this.#closed) return
          answer(it)
          this.pump()
        })
        .catch((error) => this.#fail(error, handler))
    } catch (error) {
      this.#fail(error, handler)
    }
  }

  #beginRaw(slot: Slot, run: () => Promise<readonly Uint8Array[]>): void {
    this.#held = true
    run()
      .then((chunks) => {
        this.#held = false
        if (this.#closed) return
        this.#finish(slot, chunks)
        this.pump()
      })
      .catch((error) => this.#fail(error, undefined))
  }

  #fail(error: unknown, handler: Handler | undefined): void {
    if (!this.#closed) this.#side.failed(error, handler)
  }

  #finish(slot: Slot, chunks: readonly Uint8Array[] | undefined): void {
    slot.chunks = chunks
    slot.done = true
    while (this.#slots[0]?.done === true) {
      for (const chunk of this.#slots.shift()!.chunks ?? []) {
        this.#out.push(chunk)
        this.#outBytes += chunk.length
      }
    }
  }

  /** All replies of one turn leave as one write. */
  #flush(): void {
    if (this.#out.length === 0 || this.#closed) return
    const out = this.#out
    this.#out = []
    this.#outBytes = 0
    this.#side.write(out)
  }

  /** Sends what is answered; the rest is dropped. */
  close(): void {
    this.#flush()
    this.#closed = true
    this.#count()
    this.#queue = []
    this.#queuedBytes = 0
    this.#out = []
  }
}
