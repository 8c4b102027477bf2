/**
 * Gives partitions up: their claims start nothing new, running handlers finish or run out of time, what is done is
 * committed, and the claims end.
 *
 * Invariant: `giveUp` resolves, and its claims are dead, by the deadline, whatever handlers and coordinators do. A
 * deadline only ever moves closer: when a rebalance begins meanwhile, the coordinator's time-out counts from the
 * rebalance's beginning.
 */
import type { TopicPartition } from '@tidemark/client'
import type { Clock } from '@tidemark/platform'
import type { Claim, EndReason, PartitionCalls } from './claim.ts'
import type { ClaimRegistry } from './registry.ts'

/** On the monotonic clock, in milliseconds. */
export interface DrainDeadline {
  /** Until then handlers may finish. */
  readonly handlersMs: number
  /** Until then what is done may be committed. */
  readonly commitMs: number
}

/** Draining ends this long before the time is over: for the last commit, and for the way of the next request. */
const marginOf = (timeoutMs: number): number => Math.min(5_000, timeoutMs / 5)

/** The deadline of a drain that may take `timeoutMs` in all, until `endMs`. */
export function deadlineAt(endMs: number, timeoutMs: number): DrainDeadline {
  const marginMs = marginOf(timeoutMs)
  return { handlersMs: endMs - marginMs, commitMs: endMs - marginMs / 2 }
}

export const earlier = (a: DrainDeadline, b: DrainDeadline): DrainDeadline => ({
  handlersMs: Math.min(a.handlersMs, b.handlersMs),
  commitMs: Math.min(a.commitMs, b.commitMs),
})

const isWaitedFor = ({ calls }: Claim): boolean => calls.running > calls.stuck

export class Drain {
  readonly #registry: ClaimRegistry
  readonly #clock: Clock
  readonly #settle: (claims: readonly Claim[], untilMs: () => number) => Promise<void>
  readonly #open = new Set<{ deadline: DrainDeadline }>()
  /**
   * Releases that wait for running handlers of a partition: more than one, if a stop comes in the middle of a
   * revocation.
   */
  readonly #waiters = new Map<PartitionCalls, Set<() => void>>()

  constructor(registry: ClaimRegistry, clock: Clock, settle: (claims: readonly Claim[], untilMs: () => number) => Promise<void>) {
    this.#registry = registry
    this.#clock = clock
    this.#settle = settle
  }

  async giveUp(partitions: readonly TopicPartition[], reason: EndReason, deadline: DrainDeadline): Promise<void> {
    const release = { deadline }
    // A draining claim is never replaced: these are all the claims that the partitions can have until they end.
    const claims = partitions.flatMap(({ topic, partition }) => this.#registry.get(topic, partition) ?? [])
    this.#open.add(release)
    try {
      for (const claim of claims) this.#registry.drain(claim, reason)
      await Promise.all(claims.map((claim) => this.#drained(claim, release)))
      for (const claim of claims) claim.abort(reason)
      for (const claim of claims) claim.guard?.handOver()
      await this.#settle(claims, () => release.deadline.commitMs)
    } finally {
      this.#open.delete(release)
      for (const claim of claims) this.#registry.end(claim, reason)
    }
  }

  /** A rebalance has begun: what is being given up has no more time than this. */
  hasten(deadline: DrainDeadline): void {
    for (const release of this.#open) release.deadline = earlier(release.deadline, deadline)
    for (const calls of [...this.#waiters.keys()]) this.#wake(calls)
  }

  /** A call of the claim settled, or the claim ended. */
  changed(claim: Claim): void {
    if (!isWaitedFor(claim) || claim.isDead) this.#wake(claim.calls)
  }

  #wake(calls: PartitionCalls): void {
    for (const wake of [...(this.#waiters.get(calls) ?? [])]) wake()
  }

  async #drained(claim: Claim, release: { readonly deadline: DrainDeadline }): Promise<void> {
    while (isWaitedFor(claim) && !claim.isDead) {
      const leftMs = release.deadline.handlersMs - this.#clock.monotonic()
      if (leftMs <= 0) return
      await this.#waitForChange(claim.calls, leftMs)
    }
  }

  #waitForChange(calls: PartitionCalls, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(calls) ?? new Set()
      this.#waiters.set(calls, waiters)
      const wake = (): void => {
        timer.cancel()
        waiters.delete(wake)
        if (waiters.size === 0) this.#waiters.delete(calls)
        resolve()
      }
      const timer = this.#clock.schedule(timeoutMs, wake)
      waiters.add(wake)
    })
  }
}
