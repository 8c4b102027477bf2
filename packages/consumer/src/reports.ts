/**
 * What a consumer tells the outside of troubles that it works around: an event, and a report on the diagnostics
 * channel or the logger.
 */
import type { Diagnostics } from '@tidemark/client/internal'
import type { TidemarkError } from '@tidemark/platform'
import type { ConsumerEvent } from './events.ts'

export class Reports {
  readonly #group: string
  readonly #diagnostics: Diagnostics
  readonly #emit: (event: ConsumerEvent) => void

  constructor(group: string, diagnostics: Diagnostics, emit: (event: ConsumerEvent) => void) {
    this.#group = group
    this.#diagnostics = diagnostics
    this.#emit = emit
  }

  /** A request failed and is tried again: visible from the second time in a row on. */
  failing(request: string, error: TidemarkError, attempts: number): void {
    if (attempts < 2) return
    this.#emit({ kind: 'requestFailed', request, attempts, error })
    const text = `consumer of group '${this.#group}': ${request} failed ${attempts} times in a row and is tried again: ${error.message}`
    this.#diagnostics.report('tidemark:consumer', { level: 'warn', cause: `${this.#group} ${request} ${error.code}`, text, error })
  }

  topicMissing(topic: string): void {
    this.#emit({ kind: 'topicMissing', topic })
    this.warning(`topic ${topic} is missing`, `topic '${topic}' does not exist; it is read as soon as it does`)
  }

  patternUnmatched(pattern: RegExp): void {
    this.#emit({ kind: 'topicMissing', topic: String(pattern) })
    this.warning(`pattern ${pattern} matches nothing`, `no topic matches ${pattern}; topics are read as soon as they do`)
  }

  warning(cause: string, text: string, error?: unknown): void {
    const report = { level: 'warn', cause: `${this.#group} ${cause}`, text: `consumer of group '${this.#group}': ${text}` } as const
    this.#diagnostics.report('tidemark:consumer', error === undefined ? report : { ...report, error })
  }
}
