import { type Fact, type Invariant, type Place, Violation } from '../facts.ts'

/**
 * While no leader moves, one node answers for a partition, and one for a group: what reaches another one is refused.
 */
export class OneLeader implements Invariant {
  readonly name = 'one node answers for a partition or a group at a time'
  readonly #nodes = new Map<string, number>()
  #era = -1

  see(fact: Fact): void {
    if (fact.kind !== 'served') return
    const { era, what, node, api } = fact
    if (era !== this.#era) this.#nodes.clear()
    this.#era = era
    const before = this.#nodes.get(what) ?? node
    this.#nodes.set(what, before)
    if (before === node) return
    throw new Violation(this.name, `node ${node} does ${api} for ${what}, which node ${before} leads`)
  }
}

/**
 * Of an epoch a partition has one leader, whichever node is asked, and what was appended in it was acknowledged by that
 * one (KIP-320).
 */
export class LeaderOfEpoch implements Invariant {
  readonly name = 'an epoch of a partition has one leader'
  readonly #leaders = new Map<string, number>()
  readonly #epochs = new Map<string, number>()
  readonly #appended = new Map<string, number>()

  see(fact: Fact): void {
    switch (fact.kind) {
      case 'leaderTold': {
        const { place, epoch, leader } = fact
        const key = `${place} ${epoch}`
        const before = this.#leaders.get(key) ?? leader
        this.#leaders.set(key, before)
        if (before !== leader) throw new Violation(this.name, `node ${leader} leads ${place} in epoch ${epoch}, which node ${before} led`)
        return
      }
      case 'batchSeen':
        this.#epochs.set(`${fact.place} ${fact.offset}`, fact.epoch)
        return this.#check(fact.place, fact.offset)
      case 'appended':
        this.#appended.set(`${fact.place} ${fact.offset}`, fact.node)
        return this.#check(fact.place, fact.offset)
    }
  }

  #check(place: Place, offset: number): void {
    const at = `${place} ${offset}`
    const epoch = this.#epochs.get(at)
    const node = this.#appended.get(at)
    const leader = this.#leaders.get(`${place} ${epoch}`)
    if (node === undefined || leader === undefined || node === leader) return
    throw new Violation(this.name, `node ${node} acknowledged ${place}/${offset} in epoch ${epoch}, in which node ${leader} leads`)
  }
}

/** What a node refused because another one leads is not in the log, unless another request brought it. */
export class RefusedHasNoEffect implements Invariant {
  readonly name = 'what a node that does not lead refused has no effect'
  /** Batches that may be in the log, by place and checksum. */
  readonly #mayBe = new Map<string, number>()

  see(fact: Fact): void {
    if (fact.kind === 'batchArrived') return this.#add(`${fact.place} ${fact.crc}`, 1)
    if (fact.kind === 'batchRefused') return this.#add(`${fact.place} ${fact.crc}`, -1)
    if (fact.kind !== 'batchSeen') return
    const key = `${fact.place} ${fact.crc}`
    if (!this.#mayBe.has(key)) return
    this.#add(key, -1)
    if (this.#mayBe.get(key)! < 0) throw new Violation(this.name, `${fact.place}/${fact.offset} was refused, and is in the log`)
  }

  #add(key: string, by: number): void {
    this.#mayBe.set(key, (this.#mayBe.get(key) ?? 0) + by)
  }
}
