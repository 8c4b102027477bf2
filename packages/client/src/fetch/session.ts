/**
 * The client's side of a fetch session with one broker (KIP-227): the first request names all partitions, those that
 * follow only what changed. Kafka: `FetchSessionHandler`. A broker may decline: then each request is the first one.
 *
 * Invariant: what is noted here of the partitions is what the broker has if every request so far was answered. As soon
 * as that is in doubt the next request is a first one again, and ends what is left of the session.
 */
import { ErrorCode, type FetchResponse } from '@tidemark/protocol'

export interface AskedPartition {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  readonly partitionMaxBytes: number
}

export interface SessionRequest {
  readonly sessionId: number
  readonly sessionEpoch: number
  readonly asked: readonly AskedPartition[]
  readonly forgotten: readonly AskedPartition[]
}

interface Noted {
  asked: AskedPartition
  /** Of the last request that it was part of. */
  round: number
}

const SESSIONS_SINCE = 7
const TOPIC_IDS_SINCE = 13
const NO_SESSION = 0
/** Of a request that begins a session. */
const INITIAL_EPOCH = 0
/** Of a request outside of one. */
const FINAL_EPOCH = -1
const EPOCH_MAX = 2 ** 31 - 1
const FAULTS: ReadonlySet<number> = new Set([
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
])

/** What a request outside of any session says of it. */
export const sessionless = (asked: readonly AskedPartition[]): SessionRequest => ({
  sessionId: NO_SESSION,
  sessionEpoch: FINAL_EPOCH,
  asked,
  forgotten: [],
})

export class FetchSession {
  #id = NO_SESSION
  /** Of the next request; of the one in flight until it is answered. */
  #epoch = INITIAL_EPOCH
  #usesTopicIds = false
  #round = 0
  readonly #noted = new Map<string, Noted>()

  /** What a request in this version says so that exactly these partitions are read; none of them twice. */
  next(all: readonly AskedPartition[], version: number): SessionRequest {
    if (version < SESSIONS_SINCE) return sessionless(all)
    const usesTopicIds = version >= TOPIC_IDS_SINCE
    if (usesTopicIds !== this.#usesTopicIds) this.restart()
    this.#usesTopicIds = usesTopicIds
    this.#round++
    const asked = all.filter((one) => this.#note(one))
    const forgotten = this.#noted.size > all.length ? this.#forget() : []
    return { sessionId: this.#id, sessionEpoch: this.#epoch, asked, forgotten }
  }

  /** False: the broker has it already. */
  #note(asked: AskedPartition): boolean {
    const key = this.#keyOf(asked.topic, asked.topicId, asked.partition)
    const noted = this.#noted.get(key)
    if (noted === undefined) {
      this.#noted.set(key, { asked, round: this.#round })
      return true
    }
    const isSame = isEqual(noted.asked, asked)
    noted.asked = asked
    noted.round = this.#round
    return !isSame
  }

  #forget(): AskedPartition[] {
    const forgotten: AskedPartition[] = []
    for (const [key, { asked, round }] of this.#noted) {
      if (round === this.#round) continue
      this.#noted.delete(key)
      forgotten.push(asked)
    }
    return forgotten
  }

  /**
   * The request was answered. True: the answer says nothing, and the same partitions are to be asked for again, at
   * once.
   */
  answered({ errorCode, sessionId, responses }: FetchResponse, version: number): boolean {
    if (version < SESSIONS_SINCE) return false
    const isFirst = this.#epoch === INITIAL_EPOCH
    if (errorCode !== ErrorCode.NONE) {
      if (errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND) this.#id = NO_SESSION
      this.restart()
      return !isFirst && FAULTS.has(errorCode)
    }
    const count = this.#countNoted(responses)
    this.#id = sessionId
    // An answer that is throttled may be empty (KIP-219): nobody knows then what the session has.
    const isTrusted = count !== undefined && (!isFirst || count === this.#noted.size)
    if (sessionId === NO_SESSION || !isTrusted) this.restart()
    else this.#epoch = this.#epoch === EPOCH_MAX ? INITIAL_EPOCH + 1 : this.#epoch + 1
    return false
  }

  /** How many partitions the answer has; undefined: there is one that was not asked for. */
  #countNoted(responses: FetchResponse['responses']): number | undefined {
    let count = 0
    for (const { topic, topicId, partitions } of responses) {
      for (const { partitionIndex } of partitions) {
        if (!this.#noted.has(this.#keyOf(topic, topicId, partitionIndex))) return undefined
        count++
      }
    }
    return count
  }

  /** The next request begins another session, and ends this one: what became of the last request is not known. */
  restart(): void {
    this.#epoch = INITIAL_EPOCH
    this.#noted.clear()
  }

  /** A request that ends the session; undefined: none is known that the broker has. */
  final(): SessionRequest | undefined {
    if (this.#id === NO_SESSION || this.#epoch === INITIAL_EPOCH) return undefined
    return { ...sessionless([]), sessionId: this.#id }
  }

  #keyOf(topic: string, topicId: string, partition: number): string {
    return `${partition} ${this.#usesTopicIds ? topicId : topic}`
  }
}

const isEqual = (a: AskedPartition, b: AskedPartition): boolean =>
  a.fetchOffset === b.fetchOffset && a.currentLeaderEpoch === b.currentLeaderEpoch && a.partitionMaxBytes === b.partitionMaxBytes
