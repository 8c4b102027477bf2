/**
 * What a user has paused. A pause is a wish about a topic or a partition: it outlives assignments, until `resume`
 * takes it back.
 */

interface TopicPauses {
  /** The whole topic is paused, partitions that come later included. */
  all: boolean
  /** Partitions that differ from `all`. */
  readonly except: Set<number>
}

export class Pauses {
  readonly #topics = new Map<string, TopicPauses>()

  set(topic: string, partitions: readonly number[] | undefined, paused: boolean): void {
    const known = this.#topics.get(topic) ?? { all: false, except: new Set<number>() }
    this.#topics.set(topic, known)
    if (partitions === undefined) {
      known.all = paused
      known.except.clear()
      return
    }
    for (const partition of partitions) {
      if (paused === known.all) known.except.delete(partition)
      else known.except.add(partition)
    }
  }

  has(topic: string, partition: number): boolean {
    const known = this.#topics.get(topic)
    return known !== undefined && known.all !== known.except.has(partition)
  }
}
