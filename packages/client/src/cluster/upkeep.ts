import type { Clock, Timer } from '@tidemark/platform'
import { ErrorCode, type MetadataResponse, ZERO_UUID } from '@tidemark/protocol'
import type { TopicView } from './types.ts'

/** Whether another look-up soon may find more: the topic is being created, or a leader is being elected. */
export function isOpenQuestion(topic: TopicView | undefined, autoCreate: boolean): boolean {
  if (topic === undefined || topic.errorCode === ErrorCode.LEADER_NOT_AVAILABLE) return true
  return autoCreate && topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}

/** The answer that a broker means which leaves a topic out. */
export const missing = (name: string): MetadataResponse['topics'][number] => ({
  errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  name,
  topicId: ZERO_UUID,
  isInternal: false,
  partitions: [],
  topicAuthorizedOperations: -2147483648,
})

/** Calls at an interval while started. */
export class MetadataTimer {
  readonly #clock: Clock
  readonly #everyMs: number
  readonly #call: () => void
  #timer: Timer | undefined

  constructor(clock: Clock, everyMs: number, call: () => void) {
    this.#clock = clock
    this.#everyMs = everyMs
    this.#call = call
  }

  start(): void {
    this.#timer ??= this.#clock.schedule(this.#everyMs, () => {
      this.#timer = undefined
      this.start()
      this.#call()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
