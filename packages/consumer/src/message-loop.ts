/**
 * What `for await` asks of `consumer.messages()`: it begins the run, hands out records, and ends the run when it is
 * left.
 */
import type { Pull } from './work/pull.ts'

/** Iterated once; leaving it early ends the run. */
export interface Messages<M> extends AsyncIterableIterator<M, undefined>, AsyncDisposable {
  return(): Promise<IteratorResult<M, undefined>>
}

/** What the loop needs of its consumer. */
export interface LoopRun {
  isRunning(): boolean
  run(): Promise<void>
  /** Drain, final commit, leave. */
  stop(): void
  /** Resolves when the run has settled, however. */
  settled(): Promise<void>
}

export class MessageLoop implements AsyncIterableIterator<unknown, undefined>, AsyncDisposable {
  readonly #pull: Pull
  readonly #signal: AbortSignal | undefined
  readonly #run: LoopRun
  #ended: Promise<void> | undefined

  constructor(pull: Pull, signal: AbortSignal | undefined, run: LoopRun) {
    this.#pull = pull
    this.#signal = signal
    this.#run = run
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    this.#ended ??= this.#begin()
    return this.#pull.next()
  }

  /** The loop was left: its record is not done. Rejects with what the run rejects with, if the loop has begun it. */
  async return(): Promise<IteratorResult<unknown, undefined>> {
    this.#run.stop()
    this.#pull.leave() // after the stop: what fails while its partition is given up is not tried again
    // A loop that was left before it began never begins.
    this.#ended ??= this.#run.settled().then(() => this.#pull.end(undefined))
    await this.#ended
    return await this.#pull.next() // the end, or what the run rejects with
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #begin(): Promise<void> {
    const isOurs = !this.#run.isRunning()
    const run = isOurs ? this.#run.run() : this.#run.settled()
    const stop = (): void => this.#run.stop()
    this.#signal?.addEventListener('abort', stop, { once: true })
    if (this.#signal?.aborted) stop()
    const ended = (error: unknown): void => {
      this.#signal?.removeEventListener('abort', stop)
      this.#pull.end(error)
    }
    return run.then(() => ended(undefined), ended)
  }
}
