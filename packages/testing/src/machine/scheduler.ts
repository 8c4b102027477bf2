/**
 * Simulated time: a queue of events. Between two events all microtasks run, so that promises settle only from here
 * and a run follows from its seed alone.
 */
interface Scheduled {
  readonly at: number
  readonly order: number
  readonly run: () => void
  cancelled: boolean
}

/** Simulated runs begin at this moment, in milliseconds since 1970. */
export const EPOCH_MS = Date.UTC(2026, 0, 1)

export class Scheduler {
  readonly #heap: Scheduled[] = []
  #order = 0
  now = 0
  events = 0

  /** Runs `run` after `delayMs`; events of one moment run in the order in which they were made. */
  later(delayMs: number, run: () => void): { cancel(): void } {
    const event: Scheduled = { at: this.now + Math.max(0, delayMs), order: this.#order++, run, cancelled: false }
    this.#push(event)
    return {
      cancel: () => {
        event.cancelled = true
      },
    }
  }

  /** Runs events until `done` says so, none is left, or `untilMs` is reached. */
  async run(untilMs: number, done: () => boolean, afterEach: () => void): Promise<void> {
    await microtasks()
    while (!done()) {
      const event = this.#pop()
      if (event === undefined || event.at > untilMs) return
      if (event.cancelled) continue
      this.now = event.at
      this.events++
      event.run()
      await microtasks()
      afterEach()
    }
  }

  #push(event: Scheduled): void {
    const heap = this.#heap
    let i = heap.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(event, heap[parent]!)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = event
  }

  #pop(): Scheduled | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || top === last) return top
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      if (left >= heap.length) break
      const child = left + 1 < heap.length && before(heap[left + 1]!, heap[left]!) ? left + 1 : left
      if (!before(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return top
  }
}

const before = (a: Scheduled, b: Scheduled): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A turn of the real event loop: every microtask, and every microtask of those, has run when it is over. */
const microtasks = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
