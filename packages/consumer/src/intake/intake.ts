/**
 * What was fetched for one claim and is still held: when fetching it pauses, and when memory is let go.
 *
 * A record is a view on the response that it came in, so the response is held, and counts against `bufferBytesMax`,
 * until the last of its records is closed. Where fetching waits for memory, and the claim could do more if it did not,
 * records that have to wait are copied out, and their responses go.
 *
 * Fetching also pauses at `waitingRecordsMax`, at `uncommittedRecordsMax`, and before what is done above the
 * committable offset becomes more than a commit can carry.
 */
import type { Delivery, FetchedMessage } from '@tidemark/client/internal'
import { fitsInMetadata } from '@tidemark/client/internal'
import type { Claim } from '../claims/claim.ts'
import { committable, heldCount, type Ticket } from '../commit/tracker.ts'
import type { HeldRecord } from '../work/work.ts'

export interface IntakeLimits {
  readonly waitingRecordsMax: number
  readonly uncommittedRecordsMax: number
}

/** So few records that are open, or so small a share, do not keep a whole response. */
const FEW = 16
const FEW_SHARE = 1 / 8

/** The records of one delivery: tickets in [from, to). */
interface HeldDelivery {
  readonly from: Ticket
  readonly to: Ticket
  readonly delivery: Delivery
  /** When it came, on the monotonic clock. */
  readonly atMs: number
  /** How many of them are not closed. */
  openCount: number
  /** Undefined: the records are views on the response. Else what was copied out of it, in bytes. */
  copiedBytes: number | undefined
}

const isView = ({ openCount, copiedBytes }: HeldDelivery): boolean => openCount > 0 && copiedBytes === undefined

export class Intake {
  readonly #claim: Claim
  readonly #limits: IntakeLimits
  /** In the order of tickets. Released ones stay until they are more than half. */
  #held: HeldDelivery[] = []
  #releasedCount = 0
  /** Of a claim that is over: the records whose handlers still run. */
  #records: readonly HeldRecord[] | undefined
  #startedSeen = -1
  /** Whether fetching is paused for want of space. */
  isFull = false

  constructor(claim: Claim, limits: IntakeLimits) {
    this.#claim = claim
    this.#limits = limits
  }

  /** So many records came, the first with this ticket. */
  took(from: Ticket, count: number, delivery: Delivery, atMs: number): void {
    if (count === 0) return delivery.release()
    this.#held.push({ from, to: from + count, delivery, atMs, openCount: count, copiedBytes: undefined })
  }

  /** The claim is finished with these records. */
  closed(ticket: Ticket, count: number): void {
    const end = ticket + count
    for (let next = ticket; next < end; ) {
      const held = this.#held[this.#indexOf(next)]
      if (held === undefined) return // all was released when the claim stopped
      held.openCount -= Math.min(end, held.to) - next
      next = held.to
      if (held.openCount === 0) this.#release(held)
    }
  }

  /** When this record came, on the monotonic clock; undefined: it is not held. */
  heldSinceMs(ticket: Ticket): number | undefined {
    const held = this.#held[this.#indexOf(ticket)]
    return held !== undefined && held.from <= ticket ? held.atMs : undefined
  }

  /** The delivery that brought this ticket. */
  #indexOf(ticket: Ticket): number {
    let low = 0
    let high = this.#held.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#held[middle]!.to <= ticket) low = middle + 1
      else high = middle
    }
    return low
  }

  #release({ delivery }: HeldDelivery): void {
    delivery.release()
    this.#releasedCount++
    if (this.#releasedCount * 2 <= this.#held.length) return
    this.#held = this.#held.filter((held) => held.openCount > 0)
    this.#releasedCount = 0
  }

  /** Whether fetching should go on: it stops at a limit and goes on at half of it. */
  mayFetch(waiting: number): boolean {
    const { waitingRecordsMax, uncommittedRecordsMax } = this.#limits
    const share = this.isFull ? 0.5 : 1
    return (
      waiting < waitingRecordsMax * share && heldCount(this.#claim.tracker) < uncommittedRecordsMax * share && this.#fitsInCommit(share)
    )
  }

  #fitsInCommit(share: number): boolean {
    const { tracker } = this.#claim
    if (tracker.aheadCount === 0) return true
    const openCount = heldCount(tracker) - tracker.aheadCount
    return fitsInMetadata(openCount / share, (tracker.position - committable(tracker)) / share)
  }

  /** Whether fetching waits for memory that records of this claim are views of. */
  get isCrowded(): boolean {
    return this.#held.some((held) => isView(held) && held.delivery.isCrowded)
  }

  /** Whether it is for memory that all partitions share, and not for that of this one. */
  get isMemoryShort(): boolean {
    return this.#held.some((held) => isView(held) && held.delivery.isMemoryShort)
  }

  /** Whether fetching waits for memory that a response holds which came until then. */
  hasCrowdedView(untilMs: number): boolean {
    return this.#held.some((held) => isView(held) && held.atMs <= untilMs && held.delivery.isCrowded)
  }

  /** Whether the claim has started nothing since this was read last. */
  standsStill(): boolean {
    const { started } = this.#claim.calls
    const stands = started === this.#startedSeen
    this.#startedSeen = started
    return stands
  }

  /** Copies the records that are open out of the responses that came until then, and lets go of these. */
  copyOut(untilMs: number, records: () => Iterable<HeldRecord>): void {
    this.#copy(
      this.#held.filter((held) => isView(held) && held.atMs <= untilMs),
      records,
    )
  }

  /** The same for responses of which most records are closed: what is left is little beside what it keeps in memory. */
  copyFewOut(untilMs: number, records: () => Iterable<HeldRecord>): void {
    const isFew = ({ from, to, openCount }: HeldDelivery): boolean => openCount <= Math.max(FEW, (to - from) * FEW_SHARE)
    this.#copy(
      this.#held.filter((held) => isView(held) && held.atMs <= untilMs && isFew(held)),
      records,
    )
  }

  #copy(views: readonly HeldDelivery[], records: () => Iterable<HeldRecord>): void {
    if (views.length === 0) return
    const open = this.#openRecords(this.#records ?? records())
    for (const held of views) {
      let bytes = 0
      for (const message of open.get(held) ?? []) bytes += message.detach()
      held.copiedBytes = bytes
      held.delivery.keepOnly(bytes)
    }
  }

  #openRecords(records: Iterable<HeldRecord>): ReadonlyMap<HeldDelivery, readonly FetchedMessage[]> {
    const open = new Map<HeldDelivery, FetchedMessage[]>()
    for (const { ticket, message } of records) {
      const held = this.#held[this.#indexOf(ticket)]
      if (held === undefined || held.copiedBytes !== undefined) continue
      const messages = open.get(held)
      if (messages === undefined) open.set(held, [message])
      else messages.push(message)
    }
    return open
  }

  /** The claim is over but for these records, whose handlers still run: everything else is let go. */
  keepOnly(records: readonly HeldRecord[]): void {
    this.#records = records
    for (const held of this.#held) held.openCount = 0
    for (const { ticket } of records) {
      const held = this.#held[this.#indexOf(ticket)]
      if (held !== undefined) held.openCount++
    }
    for (const held of this.#held) if (held.openCount === 0) held.delivery.release()
    this.#held = this.#held.filter((held) => held.openCount > 0)
    this.#releasedCount = 0
  }

  /** Nothing is held for the claim. */
  get isEmpty(): boolean {
    return this.#held.length === 0
  }
}
