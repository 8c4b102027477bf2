/**
 * What was fetched for one claim and is still held: when fetching it pauses, and when memory is let go.
 *
 * A record is a view on the response that it came in, so the response is held, and counts against `bufferBytesMax`, until the last of its
 * records is closed. Where fetching waits for memory, what has to stay is copied out of responses that hold little else.
 *
 * Fetching also pauses at `waitingRecordsMax`, at `uncommittedRecordsMax`, and before what is done above the committable offset becomes
 * more than a commit can carry.
 */
import type { Delivery, FetchedMessage } from '@tidemark/client/internal'
import type { Claim } from '../claims/claim.ts'
import { fitsInMetadata } from '../commit/completion-map.ts'
import { committable, heldCount, type Ticket } from '../commit/tracker.ts'

export interface IntakeLimits {
  readonly waitingRecordsMax: number
  readonly uncommittedRecordsMax: number
}

/** The records of one delivery: tickets in [from, to). */
interface HeldDelivery {
  readonly from: Ticket
  readonly to: Ticket
  readonly delivery: Delivery
  /** How many of them are not closed. */
  openCount: number
  /** Undefined: the records are views on the response. Else what was copied out of it, in bytes. */
  copiedBytes: number | undefined
}

/** Below this share of a delivery, copying what is left frees more than it takes. */
const COPY_BELOW = 0.5
/** Of many small deliveries only the newest stay as they are: each may hold a response of its own. */
const VIEWS_MAX = 16

export class Intake {
  readonly #claim: Claim
  readonly #limits: IntakeLimits
  /** In the order of tickets. Released ones stay until they are more than half. */
  #held: HeldDelivery[] = []
  #releasedCount = 0
  /** Whether fetching is paused for want of space. */
  isFull = false

  constructor(claim: Claim, limits: IntakeLimits) {
    this.#claim = claim
    this.#limits = limits
  }

  /** So many records came, the first with this ticket. */
  took(from: Ticket, count: number, delivery: Delivery): void {
    if (count === 0) return delivery.release()
    this.#held.push({ from, to: from + count, delivery, openCount: count, copiedBytes: undefined })
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

  /** Fetching waits for memory: copies what is left out of responses that are held for little. */
  copyOut(records: () => Iterable<{ readonly ticket: Ticket; readonly message: FetchedMessage }>): void {
    const views = this.#held.filter((held) => held.openCount > 0 && held.copiedBytes === undefined)
    const worthLooking = views.some((held) => held.openCount < (held.to - held.from) * COPY_BELOW) || views.length > VIEWS_MAX
    if (!worthLooking) return
    const open = this.#openRecords(records())
    for (const [i, held] of views.entries()) {
      const messages = open.get(held) ?? []
      const bytes = messages.reduce((sum, message) => sum + message.size, 0)
      if (bytes >= held.delivery.bytes * COPY_BELOW && i >= views.length - VIEWS_MAX) continue
      for (const message of messages) message.detach()
      held.copiedBytes = bytes
      held.delivery.keepOnly(bytes)
    }
  }

  #openRecords(
    records: Iterable<{ readonly ticket: Ticket; readonly message: FetchedMessage }>,
  ): ReadonlyMap<HeldDelivery, readonly FetchedMessage[]> {
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

  releaseAll(): void {
    for (const { delivery } of this.#held) delivery.release()
    this.#held = []
    this.#releasedCount = 0
  }
}
