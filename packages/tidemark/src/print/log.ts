/** What the libraries report while they try again, as short lines on stderr. */
import type { Logger } from '@tidemark/client'
import { say } from './print.ts'

const REPEAT_AFTER_MS = 30_000

/**
 * Prints warnings and errors, each once in 30 s whatever its numbers are, and none before `start` is called: a command
 * whose first request fails prints that error and nothing else.
 */
export class RetryLog implements Logger {
  readonly #printedMs = new Map<string, number>()
  #isStarted = false

  start(): void {
    this.#isStarted = true
  }

  debug(): void {}

  info(): void {}

  warn(text: string): void {
    this.#print(text)
  }

  error(text: string): void {
    this.#print(text)
  }

  #print(text: string): void {
    if (!this.#isStarted) return
    const cause = text.replaceAll(/\d+/g, '#')
    const nowMs = performance.now()
    if (nowMs - (this.#printedMs.get(cause) ?? Number.NEGATIVE_INFINITY) < REPEAT_AFTER_MS) return
    this.#printedMs.set(cause, nowMs)
    say(text.replaceAll(/\s*\n\s*/g, ' ').replace(/; check the addresses, and that a broker listens there$/, ''))
  }
}
