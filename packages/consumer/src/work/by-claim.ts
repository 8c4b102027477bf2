/**
 * Records for code that reads each partition as a stream and says itself which records are done: what is handed out is
 * open until it is marked, in any order.
 *
 * Invariants: a stream hands out records of a working claim alone, and ends in the turn in which its claim is being
 * given up. Only a marked record is done (T15). So many records at most are handed out and not marked.
 */
import type { ReceivedMessage } from '@tidemark/client'
import { type FetchedMessage, keyOf } from '@tidemark/client/internal'
import { Fifo } from '@tidemark/platform'
import type { Claim } from '../claims/claim.ts'
import { finish, type Ticket } from '../commit/tracker.ts'
import type { ClaimWork, HeldRecord, Holdup, Worker, WorkListener } from './work.ts'

type Result = IteratorResult<ReceivedMessage, undefined>

const DONE = { value: undefined, done: true } as const

/** The records of one claim. */
export class ClaimStream {
  readonly claim: Claim
  readonly #listener: WorkListener
  readonly #unmarkedMax: number
  readonly #tooManyUnmarked: (stream: ClaimStream) => void
  readonly #waiting = new Fifo<HeldRecord>()
  /** By offset: handed out, and not marked. */
  readonly #open = new Map<number, HeldRecord>()
  readonly #readers: ((result: Result) => void)[] = []
  #isFull = false
  #isClosed = false

  constructor(claim: Claim, listener: WorkListener, { unmarkedMax, tooManyUnmarked }: ClaimWork) {
    this.claim = claim
    this.#listener = listener
    this.#unmarkedMax = unmarkedMax
    this.#tooManyUnmarked = tooManyUnmarked
  }

  enter(messages: readonly FetchedMessage[], firstTicket: Ticket): void {
    let ticket = firstTicket
    for (const message of messages) this.#waiting.push({ message, ticket: ticket++ })
    this.wake()
  }

  next(): Promise<Result> {
    if (this.#isClosed) return Promise.resolve(DONE)
    const result = new Promise<Result>((resolve) => this.#readers.push(resolve))
    this.wake()
    return result
  }

  /** Hands out what may be handed out now. */
  wake(): void {
    while (this.#readers.length > 0 && this.#waiting.length > 0 && this.#listener.mayStart(this.claim)) {
      if (this.#open.size >= this.#unmarkedMax) return this.#tellFull()
      const record = this.#waiting.shift()!
      this.#open.set(record.message.offset, record)
      this.#readers.shift()!({ value: record.message, done: false })
    }
  }

  #tellFull(): void {
    if (!this.#isFull) this.#tooManyUnmarked(this)
    this.#isFull = true
  }

  /** These records are done: one, or all that were handed out below an offset. */
  mark(offset: number): void {
    const record = this.#open.get(offset)
    if (record !== undefined) this.#mark([record])
  }

  markBelow(offset: number): void {
    this.#mark([...this.#open.values()].filter(({ message }) => message.offset < offset))
  }

  #mark(records: readonly HeldRecord[]): void {
    const { claim } = this
    for (const { message, ticket } of records) {
      this.#open.delete(message.offset)
      if (claim.isCommittable) finish(claim.tracker, ticket)
      this.#listener.closed(claim, ticket, 1)
    }
    if (records.length === 0) return
    this.#isFull = false
    this.#listener.settled(claim, claim.isCommittable ? records.length : 0)
    this.wake()
  }

  /** The claim is being given up: the stream ends. Returns what is handed out and not marked. */
  close(): readonly HeldRecord[] {
    this.#isClosed = true
    this.#waiting.clear()
    for (const reader of this.#readers.splice(0)) reader(DONE)
    return [...this.#open.values()]
  }

  /** Its reader has ended: nothing is held for it any more. */
  forget(): void {
    for (const { ticket } of this.close()) this.#listener.closed(this.claim, ticket, 1)
    this.#open.clear()
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get isRead(): boolean {
    return this.#readers.length > 0
  }

  *held(): Generator<HeldRecord> {
    yield* this.#open.values()
    yield* this.#waiting
  }

  holdup(): Holdup | undefined {
    const [open] = this.#open.values()
    const oldest = (open ?? this.#waiting.peek())?.message
    if (oldest === undefined) return undefined
    return { offset: oldest.offset, timestampMs: oldest.timestampMs, attempt: 1, state: open === undefined ? 'waiting' : 'running' }
  }
}

export class ByClaim implements Worker {
  readonly #work: ClaimWork
  readonly #listener: WorkListener
  readonly #streams = new Map<string, ClaimStream>()

  constructor(work: ClaimWork, listener: WorkListener) {
    this.#work = work
    this.#listener = listener
  }

  stream(claim: Claim): ClaimStream {
    const known = this.#streams.get(keyOf(claim))
    if (known?.claim === claim) return known
    const stream = new ClaimStream(claim, this.#listener, this.#work)
    this.#streams.set(keyOf(claim), stream)
    return stream
  }

  enter(claim: Claim, messages: readonly FetchedMessage[], firstTicket: Ticket): void {
    this.stream(claim).enter(messages, firstTicket)
  }

  drop(claim: Claim): readonly HeldRecord[] {
    const stream = this.stream(claim)
    this.#streams.delete(keyOf(claim))
    const open = stream.close()
    this.#work.dropped(claim)
    return open
  }

  wake(claim: Claim): void {
    this.#of(claim)?.wake()
  }

  pump(): void {}

  waiting(claim: Claim): number {
    return this.#of(claim)?.waiting ?? 0
  }

  isHungry(claim: Claim): boolean {
    return this.#of(claim)?.isRead ?? false
  }

  isHeldUp(claim: Claim): boolean {
    return this.isHungry(claim)
  }

  *held(claim: Claim): Generator<HeldRecord> {
    yield* this.#of(claim)?.held() ?? []
  }

  holdup(claim: Claim): Holdup | undefined {
    return this.#of(claim)?.holdup()
  }

  close(): void {}

  #of(claim: Claim): ClaimStream | undefined {
    const stream = this.#streams.get(keyOf(claim))
    return stream?.claim === claim ? stream : undefined
  }
}
