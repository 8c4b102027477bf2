/**
 * When leaders stand still: an era is a time in which no node stops or starts and no leader moves. What is answered for
 * a partition or a group within one era is answered by one node.
 */
export class Eras {
  #era = 0
  readonly #changing = new Set<unknown>()

  /** Undefined: leaders are moving. */
  get current(): number | undefined {
    return this.#changing.size === 0 ? this.#era : undefined
  }

  /** Leaders may move from now on, until this change ends. */
  begin(change: unknown): void {
    this.#era++
    this.#changing.add(change)
  }

  end(change: unknown): void {
    if (this.#changing.delete(change)) this.#era++
  }

  /** What was under way died with its process. */
  reset(): void {
    this.#era++
    this.#changing.clear()
  }
}
