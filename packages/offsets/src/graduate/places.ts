/** Where the places of groups have gone: the n-th record of the source has the offset n in the copy. */
export class PlaceFinder {
  readonly #open: Map<number, number[]>
  readonly #found: Map<number, Map<number, number>>

  /** `wanted`: offsets of each partition of the source. */
  constructor(wanted: ReadonlyMap<number, ReadonlySet<number>>) {
    this.#open = new Map([...wanted].map(([partition, offsets]) => [partition, [...offsets].sort((a, b) => a - b)]))
    this.#found = new Map([...wanted.keys()].map((partition) => [partition, new Map()]))
  }

  /** The record at `offset` of the source is at `at` in the copy. Records of a partition come in their order. */
  see(partition: number, offset: number, at: number): void {
    const open = this.#open.get(partition)
    while (open?.[0] !== undefined && open[0] <= offset) this.#found.get(partition)!.set(open.shift()!, at)
  }

  /** No record is at or after what is still wanted: the copy ends at `at`. */
  end(partition: number, at: number): void {
    for (const offset of this.#open.get(partition)?.splice(0) ?? []) this.#found.get(partition)!.set(offset, at)
  }

  /** The offset in the copy of the record at `offset`, or of the next one that is there. */
  placeOf(partition: number, offset: number): number {
    return this.#found.get(partition)!.get(offset)!
  }
}
