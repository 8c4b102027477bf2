import type { TidemarkError } from '@tidemark/platform'

/**
 * The end of something that others wait on: everything that waits hears of it at once, and nothing waits on it
 * afterwards.
 */
export class Closing {
  #error: TidemarkError | undefined
  readonly #listeners = new Set<(error: TidemarkError) => void>()

  /** Why it was closed; undefined: it is open. */
  get error(): TidemarkError | undefined {
    return this.#error
  }

  /** Calls once, when it closes; not if it was closed before. Returns a function that stops listening. */
  onClose(listener: (error: TidemarkError) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(error: TidemarkError): void {
    if (this.#error !== undefined) return
    this.#error = error
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    for (const listener of listeners) listener(error)
  }
}
