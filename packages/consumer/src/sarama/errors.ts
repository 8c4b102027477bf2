/** Errors for the program that reads them: any number wait, up to a limit, and the oldest go first. */

/** Errors that wait for a reader. */
const WAITING_MAX = 1_000

export class ErrorStream implements AsyncIterableIterator<Error, undefined> {
  #waiting: Error[] = []
  readonly #readers: ((result: IteratorResult<Error, undefined>) => void)[] = []
  #isClosed = false

  push(error: Error): void {
    const reader = this.#readers.shift()
    if (reader !== undefined) return reader({ value: error, done: false })
    this.#waiting.push(error)
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift()
  }

  close(): void {
    this.#isClosed = true
    for (const reader of this.#readers.splice(0)) reader({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Error, undefined>> {
    const error = this.#waiting.shift()
    if (error !== undefined) return Promise.resolve({ value: error, done: false })
    if (this.#isClosed) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => this.#readers.push(resolve))
  }
}
