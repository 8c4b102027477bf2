/**
 * All claims of a member, and the only place that changes a claim's phase.
 *
 * Invariants: at most one claim of a partition is alive. A claim ends in the turn in which its end is decided. Only a
 * working claim is replaced, so that a partition that is being given up never gets a new claim (decision 8).
 * Everybody else holds a claim across an `await` at their own risk, and looks at its phase again afterwards.
 */
import { type CompletionMap, keyOf, readCompletionMap } from '@tidemark/client/internal'
import { tracker } from '../commit/tracker.ts'
import { Claim, type ClaimPhase, type EndReason } from './claim.ts'
import type { Pauses } from './pauses.ts'

/** Where a claim begins. */
export interface StartPosition {
  readonly offset: number
  readonly leaderEpoch: number
  /** Undefined: the group has nothing on record for this partition. */
  readonly committed: number | undefined
  /** What was committed with it. */
  readonly metadata: string
  /** What is done above the offset, where a store says so; else the metadata does. */
  readonly restored?: CompletionMap | undefined
}

/** What follows from a change of phase; called in the same turn. */
export interface ClaimEffects {
  /** Records of the claim are wanted, from here on. */
  began(claim: Claim, position: StartPosition): void
  /** No records of the claim are wanted any more, and those that wait are forgotten. */
  stopped(claim: Claim): void
  /** `began` says whether it ever had a place in the log. */
  ended(claim: Claim, reason: EndReason, began: boolean): void
}

const NEXT: Readonly<Record<ClaimPhase, readonly ClaimPhase[]>> = {
  placing: ['working', 'dead'],
  working: ['draining', 'dead'],
  draining: ['dead'],
  dead: [],
}

export class ClaimRegistry {
  readonly #claims = new Map<string, Claim>()
  readonly #pauses: Pauses
  readonly #effects: ClaimEffects
  readonly #waitingForPlace = new Map<Claim, PromiseWithResolvers<void>>()
  #nextId = 1

  constructor(pauses: Pauses, effects: ClaimEffects) {
    this.#pauses = pauses
    this.#effects = effects
  }

  /** The living claim of a partition. */
  get(topic: string, partition: number): Claim | undefined {
    return this.#claims.get(keyOf({ topic, partition }))
  }

  /** All living claims. */
  all(): Iterable<Claim> {
    return this.#claims.values()
  }

  /** A new claim in the phase `placing`; undefined: the partition has one already. */
  take(topic: string, partition: number, topicUuid: string | undefined): Claim | undefined {
    if (this.#claims.has(keyOf({ topic, partition }))) return undefined
    const claim = new Claim(this.#nextId++, topic, partition, topicUuid)
    claim.paused = this.#pauses.has(topic, partition)
    this.#claims.set(keyOf({ topic, partition }), claim)
    return claim
  }

  /** Resolves once the claim has a place in the log, or is dead. */
  placed(claim: Claim): Promise<void> {
    if (claim.phase !== 'placing') return Promise.resolve()
    const waiting = this.#waitingForPlace.get(claim) ?? Promise.withResolvers<void>()
    this.#waitingForPlace.set(claim, waiting)
    return waiting.promise
  }

  /** Work begins at this position. False: the claim is not waiting for one any more. */
  begin(claim: Claim, position: StartPosition): boolean {
    if (claim.phase !== 'placing') return false
    this.#begin(claim, position, position.restored ?? restoredMap(claim, position))
    return true
  }

  #begin(claim: Claim, position: StartPosition, restored: CompletionMap | undefined): void {
    claim.tracker = tracker(position.offset, restored)
    claim.holderBefore = restored?.holder
    claim.start = position.offset
    claim.committed = position.committed
    claim.isRecordStale ||= position.committed !== undefined && position.committed !== position.offset
    claim.leaderEpoch = position.leaderEpoch
    this.#enter(claim, 'working')
    this.#effects.began(claim, position)
  }

  /** Nothing new is started for the claim; without a place in the log there is nothing to drain, and it ends. */
  drain(claim: Claim, reason: EndReason): void {
    if (claim.phase === 'placing') return this.end(claim, reason)
    if (claim.phase !== 'working') return
    this.#enter(claim, 'draining')
    this.#effects.stopped(claim)
  }

  /** Idempotent: a dead claim stays as it is. */
  end(claim: Claim, reason: EndReason): void {
    if (claim.isDead) return
    const [wasWorking, began] = [claim.phase === 'working', claim.phase !== 'placing']
    this.#enter(claim, 'dead')
    claim.endReason = reason
    this.#claims.delete(keyOf(claim))
    if (wasWorking) this.#effects.stopped(claim)
    claim.abort(reason)
    this.#effects.ended(claim, reason, began)
  }

  /**
   * The claim ends, and another one of the same partition begins elsewhere in the log. Undefined: the claim is not
   * working, and is not replaced. `restored` says what is already done above the position.
   */
  replace(claim: Claim, offset: number, topicUuid: string | undefined, restored?: CompletionMap): Claim | undefined {
    if (claim.phase !== 'working') return undefined
    const fresh = this.#succeed(claim, 'seek', topicUuid)
    this.#begin(fresh, { offset, leaderEpoch: -1, committed: claim.committed, metadata: '' }, restored)
    return fresh
  }

  /**
   * The claim ends, and another one of the same partition waits for its place: with a store, which is asked first.
   * Undefined: the claim is not working, and is not replaced.
   */
  replaceUnplaced(claim: Claim, reason: 'seek' | 'lost', topicUuid: string | undefined): Claim | undefined {
    return claim.phase === 'working' ? this.#succeed(claim, reason, topicUuid) : undefined
  }

  #succeed(claim: Claim, reason: EndReason, topicUuid: string | undefined): Claim {
    const { topic, partition } = claim
    this.end(claim, reason)
    const fresh = this.take(topic, partition, topicUuid)
    if (fresh === undefined) throw new Error(`${topic}-${partition} got a claim while its last one ended`)
    fresh.isRecordStale = true // what the last commit calls done may be wanted again
    fresh.calls = claim.calls // a drain waits for them too
    return fresh
  }

  #enter(claim: Claim, phase: ClaimPhase): void {
    if (!NEXT[claim.phase].includes(phase)) {
      throw new Error(`the claim of ${claim.topic}-${claim.partition} cannot go from ${claim.phase} to ${phase}`)
    }
    claim.phase = phase
    this.#waitingForPlace.get(claim)?.resolve()
    this.#waitingForPlace.delete(claim)
  }
}

/**
 * The completion map of the commit at which a claim begins: valid if it was written for this topic and this very
 * offset.
 */
function restoredMap(claim: Claim, { offset, metadata }: StartPosition): CompletionMap | undefined {
  const map = readCompletionMap(metadata)
  return claim.topicUuid !== undefined && map?.topicId === claim.topicId && map.base === offset ? map : undefined
}
