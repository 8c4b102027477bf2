/**
 * Reads partitions: a Fetch to each leader for all partitions that may be read, parked there while nothing comes. A
 * partition that may be read again while that one is parked (added, resumed, released) does not wait for its end: it
 * goes in a second one, on a connection of its own, parked for a short time, then longer while nothing comes, and
 * ending with the first so that they join again. More than these two are never in flight to one node.
 *
 * While an answer is handed out the next one is in flight: the positions move first, the next Fetch leaves, and only
 * then do the records reach their owner, whose handlers may take their time.
 *
 * Invariants: an answer counts for a partition only while its position is the very object that was requested, so
 * nothing late or taken back ever comes through; a position moves only past records that are handed out or kept; what
 * a position means never changes in silence: the owner decides what to do about out of range, truncated and replaced
 * logs. Bytes handed out and not released are bounded.
 */
import { TidemarkError, type Timer } from '@tidemark/platform'
import { apis, ErrorCode, errorOf, type FetchResponse, ZERO_UUID } from '@tidemark/protocol'
import { type Cluster, isLost } from '../cluster/cluster.ts'
import type { TopicView } from '../cluster/types.ts'
import { keyOf, type TopicPartition, textOf } from '../messages/topic-partition.ts'
import { backoffMs } from '../retry.ts'
import { AbortedFilter } from './aborted.ts'
import { BufferBudget, type HeldResponse } from './budget.ts'
import { decodeRecords } from './decode.ts'
import { LookUp } from './look-up.ts'
import { resolveFetcherOptions } from './options.ts'
import { fetchOutcome } from './outcome.ts'
import { failed, outOfRange, refused, replaced, truncated, unknownTopic } from './problems.ts'
import { leaveReplica, preferReplica } from './replica.ts'
import { FetchCall, lastBody, type PartitionRequest } from './request.ts'
import { type FetchSlot, FetchSlots, sessionOf } from './slots.ts'
import { type Arrival, nextFor, type PartitionAnswer, type Tracked } from './tracked.ts'
import type { FetcherOptions, FetchOwner, FetchProblem, Position } from './types.ts'
import { validate } from './validation.ts'

/** A partition may have this many full answers handed out: one at work, one waiting. */
const ANSWERS_BUFFERED_MAX = 2
/** Closing waits no longer for brokers that do not answer. */
const END_SESSIONS_MS_MAX = 250

export class Fetcher<Claim> {
  readonly #cluster: Cluster
  readonly #owner: FetchOwner<Claim>
  readonly #options: Required<FetcherOptions>
  /**
   * In the order in which they are requested: a partition that was requested goes to the end, and one that got
   * records behind those.
   */
  readonly #tracked = new Map<string, Tracked<Claim>>()
  readonly #slots: FetchSlots
  readonly #budget: BufferBudget
  /** Of one partition. */
  readonly #bufferedBytesMax: number
  readonly #mutedUntilMs = new Map<number, number>()
  readonly #lookUp: LookUp
  /** Among how many leaders the buffer is shared: a parked Fetch keeps its share of it. */
  #leaders = 1
  #scheduled = false
  #isCrowdedNoted = false
  #timer: Timer | undefined
  readonly #stopListening: () => void
  #closed = false

  constructor(cluster: Cluster, owner: FetchOwner<Claim>, options: FetcherOptions = {}) {
    this.#cluster = cluster
    this.#owner = owner
    this.#lookUp = new LookUp(cluster, {
      onFound: (view, missingForMs) => this.#found(view, missingForMs),
      onFailed: (error) => this.#stopAll([...this.#tracked.values()], error),
      onRound: () => this.#wake(),
    })
    this.#stopListening = cluster.onClose((error) => this.#stopAll([...this.#tracked.values()], error))
    this.#options = resolveFetcherOptions(options)
    this.#slots = new FetchSlots(this.#options.waitMaxMs, this.#options.sessions)
    this.#budget = new BufferBudget(this.#options.bufferBytesMax)
    this.#bufferedBytesMax = this.#options.partitionBytesMax * ANSWERS_BUFFERED_MAX
  }

  /**
   * Begins to read at `position`; a partition that is there already starts anew, and what is in flight for it is
   * dropped.
   */
  add(where: TopicPartition, position: Position, claim: Claim): void {
    const { topic, partition } = where
    const key = keyOf(where)
    const before = this.#tracked.get(key)
    this.remove(where)
    this.#tracked.set(key, {
      topic,
      partition,
      claim,
      position: { offset: position.offset, leaderEpoch: position.leaderEpoch ?? -1 },
      state: 'reading',
      paused: before?.claim === claim ? before.paused : false,
      isFetching: false,
      doubtful: this.#lookUp.has(topic),
      kept: undefined,
      topicId: position.topicId,
      validEpoch: -1,
      bufferedBytes: 0,
      replica: undefined,
      failures: 0,
      notBeforeMs: 0,
    })
    this.#hurry()
  }

  /** Nothing is handed out for it any more; what was handed out is still to be released. */
  remove(where: TopicPartition): void {
    const t = this.#tracked.get(keyOf(where))
    this.#tracked.delete(keyOf(where))
    t?.kept?.delivery.release()
  }

  /** Nothing is handed out for it until `resume`; an answer in flight is kept until then. */
  pause(where: TopicPartition): void {
    const t = this.#tracked.get(keyOf(where))
    if (t !== undefined) t.paused = true
  }

  resume(where: TopicPartition): void {
    const t = this.#tracked.get(keyOf(where))
    if (t !== undefined) t.paused = false
    this.#hurry()
  }

  /** Where the next records will come from; undefined: the partition is not read. */
  position(where: TopicPartition): Position | undefined {
    return this.#tracked.get(keyOf(where))?.position
  }

  /** Bytes held by what was handed out, or is kept, and was not released. */
  get bufferedBytes(): number {
    return this.#budget.heldBytes
  }

  /**
   * Drops everything, ends its fetch sessions and closes its connections. Resolves when the brokers have answered, and
   * in any case soon, within `timeoutMs`: one that does not answer forgets its session by itself (Kafka's
   * `AbstractFetch.close`).
   */
  async close(timeoutMs = END_SESSIONS_MS_MAX): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stopListening()
    this.#tracked.clear()
    this.#timer?.cancel()
    this.#lookUp.close()
    if (timeoutMs > 0) await this.#endSessions(Math.min(timeoutMs, END_SESSIONS_MS_MAX))
    for (const owner of this.#slots.owners) this.#cluster.release(owner)
  }

  async #endSessions(timeoutMs: number): Promise<void> {
    const { isolation, rack } = this.#options
    const endings = this.#slots.endings()
    if (endings.length === 0) return
    const enough = new AbortController()
    const timer = this.#cluster.options.platform.clock.schedule(timeoutMs, () =>
      enough.abort(new TidemarkError('TIMED_OUT', 'the fetch session was not ended in time')),
    )
    const sent = endings.map(async ({ nodeId, owner, request }) => {
      const to = { node: nodeId, purpose: 'fetch', owner, signal: enough.signal } as const
      try {
        await this.#cluster.send(apis.Fetch, lastBody(request, isolation, rack), to)
      } catch (error) {
        // A broker evicts a session that could not be ended.
        if (!(error instanceof TidemarkError)) throw error
      }
    })
    await Promise.all(sent)
    timer.cancel()
  }

  /** A partition may be read that could not be before: it must not wait long behind parked ones. */
  #hurry(): void {
    this.#slots.hurry()
    this.#wake()
  }

  #wake(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (!this.#closed) this.#pump()
    })
  }

  #pump(): void {
    for (const t of [...this.#tracked.values()]) this.#handOut(t)
    if (!this.#closed) this.#ask()
  }

  /** Requests whatever may be requested now. */
  #ask(): void {
    const nowMs = this.#cluster.options.platform.clock.monotonic()
    const fetches = new Map<number, PartitionRequest<Claim>[]>()
    const validations = new Map<number, PartitionRequest<Claim>[]>()
    let wakeAtMs = Number.POSITIVE_INFINITY
    const leaders = new Set<number>()
    for (const t of [...this.#tracked.values()]) {
      const leader = this.#cluster.leader(t.topic, t.partition)
      if (leader !== undefined) leaders.add(leader.nodeId)
      if (!this.#isSameTopic(t)) continue
      const next = nextFor(t, this.#cluster, nowMs, this.#bufferedBytesMax)
      if (next.kind === 'full') this.#crowded()
      else if (next.kind === 'wait') wakeAtMs = Math.min(wakeAtMs, next.untilMs)
      else if (next.kind === 'look_up') this.#distrust(t)
      else if (next.kind !== 'nothing') {
        const request = { tracked: t, position: t.position, nodeId: next.nodeId, epoch: next.epoch }
        push(next.kind === 'fetch' ? fetches : validations, next.nodeId, request)
      }
    }
    if (this.#closed) return
    this.#leaders = Math.max(1, leaders.size)
    for (const [nodeId, requests] of validations) void this.#validate(nodeId, requests)
    for (const [nodeId, all] of fetches) {
      const requests = all.filter((request) => this.#isCurrent(request)) // a topic that was replaced may have made the owner remove some
      const untilMs = this.#mutedUntilMs.get(nodeId) ?? 0
      const chosen = this.#slots.choose(nodeId, nowMs)
      if (untilMs > nowMs) wakeAtMs = Math.min(wakeAtMs, untilMs)
      else if (chosen !== undefined && requests.length > 0) void this.#fetch(nodeId, requests, chosen.slot, chosen.waitMs, nowMs)
    }
    this.#wakeAt(wakeAtMs, nowMs)
  }

  #wakeAt(atMs: number, nowMs: number): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (atMs === Number.POSITIVE_INFINITY) return
    this.#timer = this.#cluster.options.platform.clock.schedule(atMs - nowMs, () => this.#wake())
  }

  /** A topic keeps its id for life; one with another id is another topic of the same name. */
  #isSameTopic(t: Tracked<Claim>): boolean {
    const view = this.#cluster.topic(t.topic)
    if (view === undefined || view.errorCode !== 0 || view.id === ZERO_UUID || t.state === 'stopped') return true
    t.topicId ??= view.id
    if (t.topicId === view.id) return true
    this.#stop(t, replaced(t, view.id))
    return false
  }

  /** The view of a topic was looked up; false: ask again. */
  #found(view: TopicView, missingForMs: number): boolean {
    const waiting = [...this.#tracked.values()].filter((t) => t.topic === view.name && t.doubtful)
    if (view.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      if (waiting.length > 0 && missingForMs < this.#cluster.options.requestTimeoutMs) return false
      for (const t of waiting) this.#stop(t, unknownTopic(t))
    } else if (errorOf(view.errorCode).retriable) {
      if (waiting.length > 0) return false // it exists, and has no leader now: there may be one at any time
    } else if (view.errorCode !== 0) {
      for (const t of waiting) this.#stop(t, refused(t, view.errorCode, t.position.offset))
    }
    for (const t of waiting) {
      t.doubtful = false
      if (this.#cluster.leader(t.topic, t.partition) !== undefined) continue
      this.#holdOff(t, undefined)
      this.#cluster.invalidate(t.topic)
    }
    return true
  }

  async #validate(nodeId: number, requests: readonly PartitionRequest<Claim>[]): Promise<void> {
    for (const { tracked } of requests) tracked.state = 'validating'
    try {
      const results = await validate(this.#cluster, this.#slots.first.owner, nodeId, requests)
      validated(requests)
      for (const [i, a] of requests.entries()) {
        const result = results[i]!
        if (!this.#isCurrent(a)) {
          if (result.kind === 'error') this.#learn(a.tracked, result.errorCode)
          continue
        }
        if (result.kind === 'truncated') this.#stop(a.tracked, truncated(a.tracked, a.position.offset, result.end))
        else if (result.kind === 'error') this.#failed(a, result.errorCode)
        else a.tracked.validEpoch = a.epoch
      }
    } catch (error) {
      validated(requests)
      this.#lost(requests, error)
    }
    this.#wake()
  }

  async #fetch(nodeId: number, all: readonly PartitionRequest<Claim>[], slot: FetchSlot, waitMs: number, nowMs: number): Promise<void> {
    const { bytesMin, partitionBytesMax, isolation, rack } = this.#options
    const bytesMax = this.#budget.reserve(this.#slots.count * this.#leaders, this.#options.bytesMax)
    if (bytesMax === 0) return this.#crowded() // a release, or an answer in flight, wakes it
    const call = new FetchCall<Claim>({
      isolation,
      rack,
      waitMs,
      bytesMin,
      bytesMax,
      partitionBytesMax,
    })
    const session = sessionOf(slot, nodeId)
    for (const request of all) {
      call.add(request)
      request.tracked.isFetching = true
      this.#toTheEnd(request.tracked)
    }
    slot.untilMs.set(nodeId, nowMs + waitMs)
    let arrived: readonly Tracked<Claim>[] = []
    try {
      const timeoutMs = waitMs + this.#cluster.options.requestTimeoutMs
      const to = { node: nodeId, purpose: 'fetch', owner: slot.owner, timeoutMs, ...call.versionMax } as const
      const { version, body, bytes } = await this.#cluster.send(apis.Fetch, (version) => call.body(version, session), to)
      if (this.#closed) return
      const nothingCame = body.responses.every((t) => t.partitions.every((p) => (p.records?.length ?? 0) === 0))
      this.#slots.answered(slot, nodeId, waitMs, nothingCame)
      const isRestarted = session?.answered(body, version) ?? false
      arrived = this.#take(nodeId, call, body, { bytes, deliveries: 0 }, isRestarted)
    } catch (error) {
      session?.restart()
      this.#lost(all, error)
    } finally {
      this.#budget.unreserve(bytesMax)
      for (const { tracked } of all) tracked.isFetching = false
      slot.untilMs.delete(nodeId)
      this.#wake()
    }
    if (arrived.length > 0) this.#ask()
    for (const t of arrived) this.#handOut(t)
  }

  /** Moves the positions; what came is kept, to be handed out. */
  #take(nodeId: number, call: FetchCall<Claim>, body: FetchResponse, held: HeldResponse, isRestarted: boolean): Tracked<Claim>[] {
    if (body.throttleTimeMs > 0) this.#mutedUntilMs.set(nodeId, this.#cluster.options.platform.clock.monotonic() + body.throttleTimeMs)
    // The broker has forgotten the session: no partition failed, and all are asked for at once.
    if (body.errorCode !== 0 && !isRestarted) {
      for (const request of call.all()) if (this.#isCurrent(request)) this.#failed(request, body.errorCode)
    }
    const arrived: Tracked<Claim>[] = []
    for (const topic of body.responses) {
      for (const answer of topic.partitions) {
        const request = call.requestFor(topic.topic, topic.topicId, answer.partitionIndex)
        if (request === undefined) continue
        if (!this.#isCurrent(request)) {
          const { errorCode, currentLeader } = answer
          this.#learn(request.tracked, errorCode, currentLeader)
          continue
        }
        this.#takePartition(request, answer, held)
        if (request.tracked.kept !== undefined) arrived.push(request.tracked)
      }
    }
    return arrived
  }

  /** What an answer says of the leader counts, whatever has become of the position that was asked for. */
  #learn({ topic, partition }: TopicPartition, errorCode: number, leader?: PartitionAnswer['currentLeader']): void {
    if (errorCode === 0) return
    if (leader !== undefined) this.#cluster.leaderMoved(topic, partition, leader.leaderId, leader.leaderEpoch)
    if (fetchOutcome(errorCode) !== 'look_up') return
    const now = this.#tracked.get(keyOf({ topic, partition }))
    if (now !== undefined && now.state !== 'stopped') now.doubtful = true
    this.#cluster.invalidate(topic)
    this.#lookUp.add(topic)
  }

  #takePartition(request: PartitionRequest<Claim>, answer: PartitionAnswer, held: HeldResponse): void {
    const t = request.tracked
    if (answer.errorCode !== 0) {
      this.#cluster.leaderMoved(t.topic, t.partition, answer.currentLeader.leaderId, answer.currentLeader.leaderEpoch)
      if (leaveReplica(request)) {
        this.#holdOff(t, refused(t, answer.errorCode, request.position.offset).error)
        return
      }
      if (answer.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
        this.#stop(t, outOfRange(t, request.position.offset, answer.logStartOffset, answer.highWatermark))
      } else this.#failed(request, answer.errorCode)
      return
    }
    if (answer.divergingEpoch.endOffset >= 0) {
      const end = { offset: answer.divergingEpoch.endOffset, leaderEpoch: answer.divergingEpoch.epoch }
      this.#stop(t, truncated(t, request.position.offset, end))
      return
    }
    // A replica that fails each time it is named is tried less and less often.
    if (answer.preferredReadReplica >= 0) preferReplica(this.#cluster, request, answer.preferredReadReplica)
    else t.failures = 0
    if (t.validEpoch < request.epoch) t.validEpoch = request.epoch
    if (answer.records === null || answer.records.length === 0) return
    // It was requested before it was paused, behind what is kept already: that much is enough.
    if (t.kept === undefined) this.#keep(t, answer, held)
  }

  #keep(t: Tracked<Claim>, answer: PartitionAnswer, held: HeldResponse): void {
    const aborted = this.#options.isolation === 'read_committed' ? new AbortedFilter(answer.abortedTransactions ?? []) : undefined
    const settings = { checkCrc: this.#options.checkCrc, aborted, bytesMax: this.#bufferedBytesMax }
    const decoded = decodeRecords(t, answer.records!, t.position, settings)
    const { messages, next: position, error } = decoded
    if (position.offset > t.position.offset) {
      const size = {
        bytes: messages.length === 0 ? 0 : decoded.bytes,
        decompressedBytes: decoded.decompressedBytes,
        response: decoded.isView ? held : undefined,
      }
      const isFull = (): boolean => t.bufferedBytes >= this.#bufferedBytesMax
      const delivery = this.#budget.deliver(t, size, answer, isFull, (freed) => this.#freed(t, freed))
      t.position = position
      t.kept = { messages, position, delivery, isView: messages.length > 0, error }
      this.#toTheEnd(t)
    } else if (error !== undefined) this.#stop(t, failed(error))
    else {
      const text = `the first batch of ${t.topic}-${t.partition} from offset ${t.position.offset} on is larger than partitionBytesMax and was cut off`
      this.#stop(
        t,
        failed(new TidemarkError('RECORD_TOO_LARGE', text, { topic: t.topic, partition: t.partition, offset: t.position.offset })),
      )
    }
  }

  /** Hands out what is kept, unless the partition is paused. */
  #handOut(t: Tracked<Claim>): void {
    const { kept } = t
    if (kept === undefined || t.paused || t.state !== 'reading' || this.#tracked.get(keyOf(t)) !== t) return
    t.kept = undefined
    const { messages, position, delivery, error } = kept
    this.#owner.onRecords(t.claim, messages, position, delivery)
    if (error !== undefined && this.#tracked.get(keyOf(t)) === t) this.#stop(t, failed(error))
  }

  /** A Fetch was held back: what is kept for paused partitions is copied out, and the owner may do likewise. */
  #crowded(): void {
    if (this.#isCrowdedNoted) return
    this.#isCrowdedNoted = true
    queueMicrotask(() => {
      this.#isCrowdedNoted = false
      if (this.#closed) return
      if (this.#budget.isShort) for (const { kept } of this.#tracked.values()) if (kept?.isView) detachAll(kept)
      this.#owner.onCrowded?.()
    })
  }

  #freed(t: Tracked<Claim>, bytes: number): void {
    if (t.bufferedBytes < this.#bufferedBytesMax && t.bufferedBytes + bytes >= this.#bufferedBytesMax) this.#hurry()
    else this.#wake()
  }

  #isCurrent({ tracked, position }: PartitionRequest<Claim>): boolean {
    return this.#tracked.get(keyOf(tracked)) === tracked && tracked.position === position && tracked.state !== 'stopped'
  }

  #failed({ tracked, position }: PartitionRequest<Claim>, errorCode: number): void {
    const outcome = fetchOutcome(errorCode)
    if (outcome === 'refused' || outcome === 'out_of_range') {
      this.#stop(tracked, refused(tracked, errorCode, position.offset))
      return
    }
    this.#holdOff(tracked, refused(tracked, errorCode, position.offset).error)
    if (outcome === 'look_up') this.#distrust(tracked)
  }

  /** The exchange with a leader failed as a whole. */
  #lost(requests: readonly PartitionRequest<Claim>[], error: unknown): void {
    if (this.#closed) return
    const current = requests.filter((request) => this.#isCurrent(request))
    if (!isLost(error)) {
      this.#stopAll(
        current.map((request) => request.tracked),
        error,
      )
      return
    }
    for (const request of current) {
      this.#holdOff(request.tracked, error)
      if (!leaveReplica(request)) this.#distrust(request.tracked)
    }
  }

  #distrust(t: Tracked<Claim>): void {
    t.doubtful = true
    this.#cluster.invalidate(t.topic)
    this.#lookUp.add(t.topic)
  }

  #toTheEnd(t: Tracked<Claim>): void {
    const key = keyOf(t)
    if (this.#tracked.get(key) !== t) return
    this.#tracked.delete(key)
    this.#tracked.set(key, t)
  }

  #holdOff(t: Tracked<Claim>, error: unknown): void {
    const { clock, random } = this.#cluster.options.platform
    t.failures++
    this.#cluster.reportRetry(`reading ${textOf(t)}`, t.failures, error, 'reading')
    t.notBeforeMs = clock.monotonic() + backoffMs(random, this.#cluster.options.retry, t.failures)
  }

  #stop(t: Tracked<Claim>, problem: FetchProblem): void {
    if (t.state === 'stopped') return
    t.state = 'stopped'
    this.#owner.onProblem(t.claim, problem)
  }

  #stopAll(partitions: readonly Tracked<Claim>[], cause: unknown): void {
    const error = cause instanceof TidemarkError ? cause : new TidemarkError('FETCH_FAILED', (cause as Error).message, { cause })
    for (const t of partitions) this.#stop(t, failed(error))
  }
}

/** Copies the records out of the response that they came in, so that it can be freed. */
function detachAll(kept: Arrival): void {
  let bytes = 0
  for (const message of kept.messages) bytes += message.detach()
  kept.isView = false
  kept.delivery.keepOnly(bytes)
}

function validated(requests: readonly PartitionRequest<unknown>[]): void {
  for (const { tracked } of requests) if (tracked.state === 'validating') tracked.state = 'reading'
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
