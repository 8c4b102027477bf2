/**
 * How fast a group handles a partition, and how fast the partition grows: measured between samples. Of each only two
 * earlier samples are kept, so that the rate is that of the last half to whole window. Pure.
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
}

export class RateMeter {
  readonly #windowMs: number
  /** By group, then by partition. */
  #groups = new Map<string, Map<string, Earlier>>()

  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** Takes the samples of a group, and returns the rates of those partitions that were sampled before. */
  take(group: string, samples: ReadonlyMap<string, Sample>): ReadonlyMap<string, Rates> {
    const before = this.#groups.get(group)
    const after = new Map<string, Earlier>()
    const rates = new Map<string, Rates>()
    for (const [key, sample] of samples) {
      const known = before?.get(key)
      // A group that was moved back, or a topic that was created again, is measured anew.
      const isGoingOn = known !== undefined && sample.committed >= known.newer.committed && sample.end >= known.newer.end
      if (!isGoingOn) {
        after.set(key, { older: sample, newer: sample })
        continue
      }
      const rate = rateBetween(known.older, sample)
      if (rate !== undefined) rates.set(key, rate)
      const isHalfOver = sample.atMs - known.newer.atMs >= this.#windowMs / 2
      after.set(key, isHalfOver ? { older: known.newer, newer: sample } : known)
    }
    this.#groups.set(group, after)
    return rates
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
