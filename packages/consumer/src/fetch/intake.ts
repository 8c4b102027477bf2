/**
 * What comes in for one claim and waits: when fetching it pauses, and when the memory of an answer is let go.
 *
 * It also pauses while what is done above the committable offset might become more than a commit can tell.
 *
 * An answer's bytes count as buffered until as many records as it brought have been started or dropped.
 */
import type { Delivery } from '@tidemark/client/internal'
import { Fifo } from '@tidemark/platform'
import type { Claim } from '../state/claims.ts'
import { fitsSurely } from '../state/finished.ts'
import { committable, heldCount } from '../state/tracker.ts'

export interface IntakeLimits {
  readonly waitingRecordsMax: number
  readonly uncommittedRecordsMax: number
}

export class Intake {
  readonly #claim: Claim
  readonly #limits: IntakeLimits
  readonly #held = new Fifo<{ readonly upTo: number; readonly delivery: Delivery }>()
  #entered = 0
  /** Whether fetching is paused for want of room. */
  full = false

  constructor(claim: Claim, limits: IntakeLimits) {
    this.#claim = claim
    this.#limits = limits
  }

  took(records: number, delivery: Delivery): void {
    this.#entered += records
    if (records === 0) delivery.release()
    else this.#held.push({ upTo: this.#entered, delivery })
  }

  /** Lets go of what was started by now, and says whether fetching should go on: it stops at a limit and goes on at half of it. */
  update(waiting: number): boolean {
    const started = this.#entered - waiting
    for (let head = this.#held.peek(); head !== undefined && head.upTo <= started; head = this.#held.peek()) {
      this.#held.shift()!.delivery.release()
    }
    const { waitingRecordsMax, uncommittedRecordsMax } = this.#limits
    const share = this.full ? 0.5 : 1
    return waiting < waitingRecordsMax * share && heldCount(this.#claim.tracker) < uncommittedRecordsMax * share && this.#canBeTold(share)
  }

  #canBeTold(share: number): boolean {
    const { tracker } = this.#claim
    if (tracker.aheadCount === 0) return true
    const openCount = heldCount(tracker) - tracker.aheadCount
    return fitsSurely(openCount / share, (tracker.position - committable(tracker)) / share)
  }

  releaseAll(): void {
    for (let head = this.#held.shift(); head !== undefined; head = this.#held.shift()) head.delivery.release()
  }
}
