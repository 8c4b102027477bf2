/**
 * Where each leader epoch of a partition begins (KIP-101, KIP-320). Epochs and offsets only grow; an epoch in which
 * nothing was written has no entry, except the current one, which begins at the end of the log.
 */
export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

export interface EpochEnd {
  readonly epoch: number
  readonly endOffset: number
}

export class LeaderEpochs {
  #entries: EpochStart[] = []

  get entries(): readonly EpochStart[] {
    return this.#entries
  }

  get latest(): EpochStart | undefined {
    return this.#entries.at(-1)
  }

  /** Takes in that `epoch` begins at `startOffset`; false if the epoch is known already. */
  add(epoch: number, startOffset: number): boolean {
    const latest = this.latest
    if (epoch < 0 || (latest !== undefined && latest.epoch >= epoch)) return false
    if (latest !== undefined && latest.startOffset >= startOffset) this.#entries.pop()
    this.#entries.push({ epoch, startOffset })
    return true
  }

  /** The epoch of the record at `offset`; -1 if it is older than all that is known. */
  epochAt(offset: number): number {
    return this.#entries.findLast((e) => e.startOffset <= offset)?.epoch ?? -1
  }

  /**
   * The largest epoch not above `asked`, and where it ends; (-1, -1) if there is none. Kafka's
   * `LeaderEpochFileCache.endOffsetFor`.
   */
  endOf(asked: number, current: number, logEnd: number): EpochEnd {
    if (asked < 0) return { epoch: -1, endOffset: -1 }
    if (asked === current) return { epoch: current, endOffset: logEnd }
    if (asked > current) return { epoch: -1, endOffset: -1 }
    const next = this.#entries.find((e) => e.epoch > asked)
    const found = this.#entries.findLast((e) => e.epoch <= asked)
    return { epoch: found?.epoch ?? asked, endOffset: next?.startOffset ?? logEnd }
  }
}
