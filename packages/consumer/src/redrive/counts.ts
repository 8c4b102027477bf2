/** What becomes of each dead letter of a redrive, and how many there were of each kind. */
import type { ReceivedMessage } from '@tidemark/client'
import { deadLetterOrigin } from '../work/dead-letter.ts'
import type { RedriveResult, ResolvedRedrive } from './options.ts'

export class RedriveCounts {
  readonly #options: ResolvedRedrive
  readonly #topics = new Map<string, number>()
  #leftOut = 0
  #unknown = 0

  constructor(options: ResolvedRedrive) {
    this.#options = options
  }

  /** The topic that the letter goes to; undefined: it is left out, and counted as such. */
  async target(letter: ReceivedMessage): Promise<string | undefined> {
    const { to, filter } = this.#options
    const origin = deadLetterOrigin(letter)
    if (filter !== undefined && !(await filter(letter, origin))) {
      this.#leftOut++
      return undefined
    }
    const topic = to ?? origin?.topic
    if (topic === undefined) this.#unknown++
    return topic
  }

  putBack(topic: string): void {
    this.#topics.set(topic, (this.#topics.get(topic) ?? 0) + 1)
  }

  get result(): RedriveResult {
    const topics = Object.fromEntries(this.#topics)
    const redriven = [...this.#topics.values()].reduce((sum, count) => sum + count, 0)
    const { dryRun, group } = this.#options
    return { dryRun, group, redriven, topics, leftOut: this.#leftOut, unknown: this.#unknown }
  }
}
