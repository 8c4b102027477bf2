/**
 * How fast a group handles a partition, and how fast the partition grows: measured between samples. Of each only two
 * earlier samples are kept, so that the rate is that of the last half to whole window. Pure.
 *
 * A move of offsets handles no records. Back, it is known by itself. Forward, it looks like a consumer: a group without
 * members, or one whose members are all others than before (they were ejected and have joined again), is measured anew
 * where its offset goes on after a standstill. A consumer that commits without being a member goes on again and again,
 * and has its rate from its second step on.
 */
export interface Sample {
  /** On the monotonic clock. */
  readonly atMs: number
  readonly committed: number
  readonly end: number
}

export interface Rates {
  readonly handledPerSecond: number
  readonly arrivingPerSecond: number
}

interface Earlier {
  readonly older: Sample
  readonly newer: Sample
  /** Of the last sample. */
  readonly committed: number
  /** When the offset last went on; undefined: not since it is measured. */
  readonly movedAtMs: number | undefined
}

interface Known {
  readonly members: ReadonlySet<string>
  readonly partitions: Map<string, Earlier>
}

export class RateMeter {
  readonly #windowMs: number
  #groups = new Map<string, Known>()

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /**
   * Takes the samples of a group and the ids of its members, and returns the rates of partitions that were sampled
   * before.
   */
  take(group: string, samples: ReadonlyMap<string, Sample>, members: ReadonlySet<string>): ReadonlyMap<string, Rates> {
    const before = this.#groups.get(group)
    const isSameConsumer = [...members].some((id) => before?.members.has(id))
    const after = new Map<string, Earlier>()
    const rates = new Map<string, Rates>()
    for (const [key, sample] of samples) {
      const known = before?.partitions.get(key)
      // A group that was moved back, or a topic that was created again, is measured anew.
      const isGoingOn = known !== undefined && sample.committed >= known.committed && sample.end >= known.newer.end
      if (!isGoingOn) {
        after.set(key, { older: sample, newer: sample, committed: sample.committed, movedAtMs: undefined })
        continue
      }
      const hasMoved = sample.committed > known.committed
      const last = { committed: sample.committed, movedAtMs: hasMoved ? sample.atMs : known.movedAtMs }
      if (hasMoved && !isSameConsumer && !this.#movedLately(known, sample)) {
        after.set(key, { older: sample, newer: sample, ...last })
        continue
      }
      const rate = rateBetween(known.older, sample)
      if (rate !== undefined) rates.set(key, rate)
      const isHalfOver = sample.atMs - known.newer.atMs >= this.#windowMs / 2
      after.set(key, isHalfOver ? { older: known.newer, newer: sample, ...last } : { ...known, ...last })
    }
    this.#groups.set(group, { members, partitions: after })
    return rates
  }

  #movedLately({ movedAtMs }: Earlier, { atMs }: Sample): boolean {
    return movedAtMs !== undefined && atMs - movedAtMs <= this.#windowMs / 2
  }

  /** Forgets groups that are no longer there. */
  keepOnly(groups: ReadonlySet<string>): void {
    for (const group of this.#groups.keys()) if (!groups.has(group)) this.#groups.delete(group)
  }

  clear(): void {
    this.#groups = new Map()
  }
}

function rateBetween(from: Sample, to: Sample): Rates | undefined {
  const seconds = (to.atMs - from.atMs) / 1_000
  if (seconds <= 0) return undefined
  return { handledPerSecond: (to.committed - from.committed) / seconds, arrivingPerSecond: (to.end - from.end) / seconds }
}
