/**
 * Lets in as many as `max` allows, in the order in which they came. One that takes `max` is alone inside; nobody who
 * came later passes it by.
 */
interface Waiting {
  readonly count: number
  readonly entered: Promise<void>
  enter(): void
}

export class Turnstile {
  readonly max: number
  #waiting: Waiting[] = []
  #inside = 0

  constructor(max: number) {
    this.max = max
  }

  get isEmpty(): boolean {
    return this.#inside === 0
  }

  /** Whether there was room at once. */
  tryEnter(count: number): boolean {
    if (this.#waiting.length > 0 || this.#inside + count > this.max) return false
    this.#inside += count
    return true
  }

  enter(count: number): Promise<void> {
    if (this.tryEnter(count)) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ count, entered: promise, enter: resolve })
    return promise
  }

  /** One that waits is let go without having entered. False: it does not wait any more. */
  giveUp(entered: Promise<void>): boolean {
    const waiting = this.#waiting.find((w) => w.entered === entered)
    if (waiting === undefined) return false
    this.#waiting = this.#waiting.filter((w) => w !== waiting)
    waiting.enter()
    this.#letIn()
    return true
  }

  leave(count: number): void {
    this.#inside -= count
    this.#letIn()
  }

  #letIn(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#inside + next.count <= this.max; next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#inside += next.count
      next.enter()
    }
  }
}
