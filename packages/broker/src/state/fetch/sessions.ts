/**
 * All fetch sessions: begun, continued, closed, and let go of where there are too many. Kafka: `FetchManager`,
 * `FetchSessionCacheShard`. A session is not its connection's: a client whose connection broke may go on with it.
 *
 * Who takes whose place when all are taken: anyone that of a session that was not used for two minutes; a replica that
 * of a consumer; a session of more partitions that of one with fewer, unless that one is younger than two minutes.
 */
import { ErrorCode, type FetchRequest } from '@tidemark/protocol'
import { FetchSession, nextEpoch, type ReadFacts, type RequestedTopic } from './session.ts'

export interface FetchSessionLimits {
  /** At once. */
  readonly fetchSessionsMax: number
  /** Of all sessions together. */
  readonly fetchSessionPartitionsMax: number
}

/** Kafka's `min.incremental.fetch.session.eviction.ms`. */
const EVICTION_MS = 120_000
const NO_SESSION = 0
/** A full request that makes a session, if there is room. */
const INITIAL_EPOCH = 0
/** A full request without one. */
const FINAL_EPOCH = -1

/** How a request is answered. */
export type FetchContext =
  | { readonly kind: 'refused'; readonly code: number }
  /** In full, as it asks, with session id 0. */
  | { readonly kind: 'sessionless' }
  /** In full, and from then on in a session. */
  | { readonly kind: 'full' }
  /** With what changed of all partitions of the session. */
  | { readonly kind: 'incremental'; readonly session: FetchSession; readonly epoch: number }

export interface SessionWish {
  readonly privileged: boolean
  readonly usesTopicIds: boolean
  readonly topics: readonly RequestedTopic[]
  /** Of the partitions of all topics, in order: what the client is told in the answer that begins the session. */
  readonly reads: readonly ReadFacts[]
}

type SessionRequest = Pick<FetchRequest, 'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopicsData'>

export class FetchSessions {
  readonly #limits: FetchSessionLimits
  readonly #random: () => number
  /** By id, in the order of their last use. */
  readonly #sessions = new Map<number, FetchSession>()
  #partitions = 0

  /** `random` gives an id of 1 or more. */
  constructor(limits: FetchSessionLimits, random: () => number) {
    this.#limits = limits
    this.#random = random
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Of all sessions together. */
  get partitions(): number {
    return this.#partitions
  }

  has(id: number): boolean {
    return this.#sessions.has(id)
  }

  /** A request came: its session is closed, or has what the request says. */
  begin(request: SessionRequest, usesTopicIds: boolean, nowMs: number): FetchContext {
    const { sessionId, sessionEpoch } = request
    const isFull = sessionEpoch === INITIAL_EPOCH || sessionEpoch === FINAL_EPOCH
    if (!isFull) return this.#continue(request, usesTopicIds, nowMs)
    const before = sessionId === NO_SESSION ? undefined : this.#sessions.get(sessionId)
    if (before !== undefined) this.#remove(before)
    return { kind: sessionEpoch === INITIAL_EPOCH ? 'full' : 'sessionless' }
  }

  #continue({ sessionId, sessionEpoch, topics, forgottenTopicsData }: SessionRequest, usesTopicIds: boolean, nowMs: number): FetchContext {
    const session = this.#sessions.get(sessionId)
    if (session === undefined) return refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
    if (session.epoch !== sessionEpoch) return refused(ErrorCode.INVALID_FETCH_SESSION_EPOCH)
    if (session.facts.usesTopicIds !== usesTopicIds) return refused(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
    const before = session.size
    session.update(topics, forgottenTopicsData)
    this.#partitions += session.size - before
    if (session.size === 0) {
      this.#remove(session)
      return { kind: 'sessionless' }
    }
    // Its client asks for all of them in full then, outside of a session.
    if (this.#partitions > this.#limits.fetchSessionPartitionsMax) {
      this.#remove(session)
      return refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
    }
    session.epoch = nextEpoch(session.epoch)
    this.#touch(session, nowMs)
    return { kind: 'incremental', session, epoch: session.epoch }
  }

  /** The id of a new session; 0: there is no room for one. */
  create({ privileged, usesTopicIds, topics, reads }: SessionWish, nowMs: number): number {
    if (!this.#makeRoom(privileged, reads.length, nowMs)) return NO_SESSION
    let id = this.#random()
    while (this.#sessions.has(id)) id = this.#random()
    const session = new FetchSession({ id, privileged, usesTopicIds, createdMs: nowMs })
    session.update(topics, [])
    let i = 0
    for (const { topic, topicId, partitions } of topics) {
      for (const { partition } of partitions) session.know(topic, topicId, partition, reads[i++]!)
    }
    this.#sessions.set(id, session)
    this.#partitions += session.size
    return id
  }

  #makeRoom(privileged: boolean, size: number, nowMs: number): boolean {
    const { fetchSessionsMax, fetchSessionPartitionsMax } = this.#limits
    if (fetchSessionsMax === 0 || size > fetchSessionPartitionsMax) return false
    while (this.#sessions.size >= fetchSessionsMax || this.#partitions + size > fetchSessionPartitionsMax) {
      const evicted = this.#stale(nowMs) ?? this.#lesser(privileged, size)
      if (evicted === undefined) return false
      this.#remove(evicted)
    }
    return true
  }

  #stale(nowMs: number): FetchSession | undefined {
    const [longestUnused] = this.#sessions.values()
    return longestUnused !== undefined && nowMs - longestUnused.lastUsedMs > EVICTION_MS ? longestUnused : undefined
  }

  /** The one that a new session of so many partitions may take the place of. */
  #lesser(privileged: boolean, size: number): FetchSession | undefined {
    let least: FetchSession | undefined
    for (const session of this.#sessions.values()) {
      const isSettled = session.lastUsedMs - session.facts.createdMs > EVICTION_MS
      const isOpen = isSettled || (privileged && !session.facts.privileged)
      if (isOpen && (least === undefined || rankOf(session) < rankOf(least))) least = session
    }
    if (least === undefined) return undefined
    return rank(privileged, size) > rankOf(least) ? least : undefined
  }

  #touch(session: FetchSession, nowMs: number): void {
    session.lastUsedMs = nowMs
    this.#sessions.delete(session.facts.id)
    this.#sessions.set(session.facts.id, session)
  }

  #remove(session: FetchSession): void {
    if (this.#sessions.delete(session.facts.id)) this.#partitions -= session.size
  }
}

const refused = (code: number): FetchContext => ({ kind: 'refused', code })

/** Replicas are above all consumers. */
const rank = (privileged: boolean, size: number): number => (privileged ? 2 ** 40 : 0) + size
const rankOf = ({ facts, size }: FetchSession): number => rank(facts.privileged, size)
