/**
 * Sends batches: up to `requestsInFlightMax` requests to each leader, each with at most one batch a partition.
 * `PartitionQueue` decides which batch may be sent, and `outcomeOf` what an answer means.
 */
import { TidemarkError, type Timer } from '@tidemark/platform'
import { apis, ErrorCode, errorOf, ZERO_UUID } from '@tidemark/protocol'
import { type Cluster, isLost } from '../cluster/cluster.ts'
import { refusedTopic, unknownPartition } from '../cluster/topic-errors.ts'
import type { TopicView } from '../cluster/types.ts'
import { backoffMs } from '../retry.ts'
import type { ProduceBatch } from './batch.ts'
import { Identity } from './identity.ts'
import { type BatchAnswer, outcomeOf, refusal } from './outcome.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ResolvedProducerOptions } from './types.ts'

interface Flight {
  readonly queue: PartitionQueue
  readonly batch: ProduceBatch
}

const ACKS = { all: -1, leader: 1, none: 0 } as const
/** Up to here a Produce names topics; from the next version on it takes their ids. */
const NAMES_UNTIL = 12

/** Why records for this partition can never be written, according to a view; undefined: they may be. */
function missing({ topic, partition }: PartitionQueue, view: TopicView): TidemarkError | undefined {
  const { errorCode, partitions } = view
  if (errorCode === 0) return partition < partitions.length ? undefined : unknownPartition(topic, partition, partitions.length)
  const isFinal = errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION || !errorOf(errorCode).retriable
  return isFinal ? refusedTopic(topic, errorCode) : undefined
}

export class Sender {
  readonly #cluster: Cluster
  readonly #options: ResolvedProducerOptions
  readonly #onDone: (batch: ProduceBatch) => void
  readonly #identity: Identity
  readonly #closing = new AbortController()
  /** Queues with batches to send, in the order in which they are served. */
  readonly #ready = new Set<PartitionQueue>()
  readonly #requests = new Map<number, number>()
  /** Topics to look up, and the queues that wait for it: the others of a topic go on. */
  readonly #stale = new Map<string, Set<PartitionQueue>>()
  /** Queues whose topic or partition the last look-up did not find. */
  readonly #missing = new Set<PartitionQueue>()
  #lookingUp = false
  #scheduled = false
  #timer: Timer | undefined
  /** Batches are not held back for `lingerMs`. */
  hurry = false

  constructor(cluster: Cluster, options: ResolvedProducerOptions, onDone: (batch: ProduceBatch) => void) {
    this.#cluster = cluster
    this.#options = options
    this.#onDone = onDone
    this.#identity = new Identity(cluster)
  }

  /** The queue has something to send. */
  offer(queue: PartitionQueue): void {
    this.#ready.add(queue)
    this.wake()
  }

  /** Sends what can be sent, at the end of the present turn. */
  wake(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (!this.#closing.signal.aborted) this.#pump()
    })
  }

  /** Fails whatever is left, and closes the connections. */
  close(error: TidemarkError): void {
    this.#closing.abort(error)
    this.#timer?.cancel()
    for (const queue of this.#ready) this.#drop(queue, error)
    this.#cluster.release(this)
  }

  #pump(): void {
    const { clock } = this.#cluster.options.platform
    const nowMs = clock.monotonic()
    let wakeAtMs = Number.POSITIVE_INFINITY
    for (;;) {
      const flights = new Map<number, Flight[]>()
      const bytes = new Map<number, number>()
      for (const queue of [...this.#ready]) {
        this.#expire(queue, nowMs)
        if (queue.isEmpty) {
          this.#ready.delete(queue)
          continue
        }
        const deadlineMs = Math.min(queue.waiting[0]?.deadlineMs ?? wakeAtMs, queue.retries[0]?.deadlineMs ?? wakeAtMs)
        wakeAtMs = Math.min(wakeAtMs, deadlineMs, this.#tryQueue(queue, nowMs, flights, bytes))
      }
      if (flights.size === 0) break
      for (const [nodeId, list] of flights) void this.#send(nodeId, list)
    }
    if (this.#stale.size > 0 && !this.#lookingUp) void this.#lookUp()
    this.#timer?.cancel()
    this.#timer = wakeAtMs === Number.POSITIVE_INFINITY ? undefined : clock.schedule(wakeAtMs - nowMs, () => this.wake())
  }

  /**
   * Adds the queue's next batch to the flights if it may go now. Returns when to look again, if only time is in the
   * way.
   */
  #tryQueue(queue: PartitionQueue, nowMs: number, flights: Map<number, Flight[]>, bytes: Map<number, number>): number {
    const never = Number.POSITIVE_INFINITY
    if (queue.notBeforeMs > nowMs) return queue.notBeforeMs
    if (this.#stale.get(queue.topic)?.has(queue)) return never
    const leader = this.#cluster.leader(queue.topic, queue.partition)
    if (leader === undefined) {
      this.#distrust(queue)
      return never
    }
    const { nodeId } = leader
    if ((this.#requests.get(nodeId) ?? 0) >= this.#cluster.options.requestsInFlightMax) return never
    if (!this.#number(queue)) return never
    const batch = queue.candidate(nodeId, this.#options.idempotent)
    if (batch === undefined) return never
    if (batch === queue.open && !this.hurry) {
      const readyMs = batch.createdMs + this.#options.lingerMs
      if (readyMs > nowMs) return readyMs
    }
    const taken = bytes.get(nodeId) ?? 0
    if (taken > 0 && taken + batch.size > this.#options.requestBytesMax) return never // the next round takes it
    bytes.set(nodeId, taken + batch.size)
    queue.launch(batch, nodeId)
    queue.bytesExpected = batch.size
    const list = flights.get(nodeId)
    if (list === undefined) flights.set(nodeId, [{ queue, batch }])
    else list.push({ queue, batch })
    this.#ready.delete(queue)
    if (!queue.isEmpty) this.#ready.add(queue)
    return never
  }

  /** Makes sure that the queue's sequence numbers belong to the present identity. False: not yet. */
  #number(queue: PartitionQueue): boolean {
    if (!this.#options.idempotent) return true
    if (queue.mustRenumber) this.#identity.bump(queue.identity!)
    const identity = this.#identity.current
    if (identity === undefined) {
      this.#identity.ensure(
        this.#closing.signal,
        () => this.wake(),
        (error) => this.#failAll(error),
      )
      return false
    }
    if (queue.mustRenumber || (queue.identity !== identity && queue.isSettledUnder(identity))) queue.beginUnder(identity)
    return true
  }

  async #send(nodeId: number, flights: readonly Flight[]): Promise<void> {
    this.#requests.set(nodeId, (this.#requests.get(nodeId) ?? 0) + 1)
    const { acks } = this.#options
    const timeoutMs = this.#cluster.options.requestTimeoutMs
    try {
      const { topicData, idless, nameById } = this.#topicData(flights)
      const body = { transactionalId: null, acks: ACKS[acks], timeoutMs, topicData }
      const versionMax = idless ? { versionMax: NAMES_UNTIL } : {}
      const unanswered = acks === 'none'
      const answer = await this.#cluster.send(apis.Produce, body, {
        node: nodeId,
        purpose: 'produce',
        owner: this,
        unanswered,
        ...versionMax,
      })
      if (unanswered) for (const flight of flights) this.#written(flight, -1, -1)
      else this.#take(flights, answer.body.responses, nameById)
    } catch (error) {
      this.#lost(flights, error)
    } finally {
      this.#requests.set(nodeId, this.#requests.get(nodeId)! - 1)
      this.wake()
    }
  }

  #topicData(flights: readonly Flight[]) {
    const topics = new Map<string, { name: string; topicId: string; partitionData: { index: number; records: Buffer }[] }>()
    const nameById = new Map<string, string>()
    let idless = false
    for (const { batch } of flights) {
      let topic = topics.get(batch.topic)
      if (topic === undefined) {
        const topicId = this.#cluster.topic(batch.topic)?.id ?? ZERO_UUID
        topic = { name: batch.topic, topicId, partitionData: [] }
        topics.set(batch.topic, topic)
        nameById.set(topicId, batch.topic)
        idless ||= topicId === ZERO_UUID
      }
      topic.partitionData.push({ index: batch.partition, records: batch.bytes(this.#options.compression) })
    }
    return { topicData: [...topics.values()], idless, nameById }
  }

  #take(
    flights: readonly Flight[],
    responses: readonly { name: string; topicId: string; partitionResponses: BatchAnswer[] }[],
    nameById: ReadonlyMap<string, string>,
  ): void {
    const answers = new Map<string, BatchAnswer>()
    for (const topic of responses) {
      const name = topic.name === '' ? nameById.get(topic.topicId) : topic.name
      for (const answer of topic.partitionResponses) answers.set(`${name}-${answer.index}`, answer)
    }
    for (const flight of flights) {
      const answer = answers.get(`${flight.batch.topic}-${flight.batch.partition}`)
      if (answer !== undefined) this.#judge(flight, answer)
      else
        this.#fail(
          flight,
          new TidemarkError('PROTOCOL_ERROR', `${flight.batch.topic}-${flight.batch.partition} is missing in the answer to a Produce`),
        )
    }
  }

  #judge(flight: Flight, answer: BatchAnswer): void {
    const { queue, batch } = flight
    const outcome = outcomeOf(answer.errorCode, batch.count, this.#options.idempotent)
    switch (outcome.kind) {
      case 'written':
        this.#written(flight, answer.baseOffset, answer.logAppendTimeMs)
        return
      case 'split':
        if (this.#failIfClosing(flight)) return
        queue.landed(batch)
        queue.again(...batch.split(this.#options.compression))
        this.#ready.add(queue)
        return
      case 'gap':
        if (this.#failIfClosing(flight)) return
        queue.landed(batch)
        if (queue.isFirst(batch)) queue.foundGap()
        this.#again(queue, batch, answer.errorCode)
        return
      case 'again':
        if (this.#failIfClosing(flight)) return
        queue.landed(batch)
        this.#cluster.leaderMoved(queue.topic, queue.partition, answer.currentLeader.leaderId, answer.currentLeader.leaderEpoch)
        if (outcome.lookUp) this.#distrust(queue)
        this.#again(queue, batch, answer.errorCode)
        return
      case 'refused': {
        queue.landed(batch)
        queue.withdraw(batch)
        batch.failed(refusal(queue.topic, queue.partition, answer))
        this.#onDone(batch)
      }
    }
  }

  #failIfClosing(flight: Flight): boolean {
    const { aborted, reason } = this.#closing.signal
    if (aborted) this.#fail(flight, reason as TidemarkError)
    return aborted
  }

  #written({ queue, batch }: Flight, baseOffset: number, logAppendTimeMs: number): void {
    queue.acknowledged(batch)
    batch.written(baseOffset, logAppendTimeMs)
    this.#onDone(batch)
  }

  #again(queue: PartitionQueue, batch: ProduceBatch, errorCode: number): void {
    const { name } = errorOf(errorCode)
    batch.lastError = new TidemarkError(name, `${queue.topic}-${queue.partition} answered ${name}`, {
      topic: queue.topic,
      partition: queue.partition,
    })
    queue.again(batch)
    this.#holdOff(queue, batch.lastError)
  }

  #lost(flights: readonly Flight[], error: unknown): void {
    for (const flight of flights) {
      const { queue, batch } = flight
      if (!queue.inFlight.includes(batch)) continue
      if (this.#closing.signal.aborted || !isLost(error)) {
        const cause = this.#closing.signal.aborted ? this.#closing.signal.reason : error
        this.#fail(flight, cause instanceof TidemarkError ? cause : new TidemarkError('SEND_FAILED', (cause as Error).message, { cause }))
        continue
      }
      queue.landed(batch)
      batch.lastError = error
      queue.again(batch)
      this.#holdOff(queue, error)
      this.#distrust(queue)
    }
  }

  #fail({ queue, batch }: Flight, error: TidemarkError): void {
    queue.landed(batch)
    batch.failed(() => error)
    this.#onDone(batch)
  }

  #holdOff(queue: PartitionQueue, error: TidemarkError): void {
    const { clock, random } = this.#cluster.options.platform
    queue.failures++
    this.#cluster.reportRetry(`writing to ${queue.topic}-${queue.partition}`, queue.failures, error, 'writing')
    queue.notBeforeMs = clock.monotonic() + backoffMs(random, this.#cluster.options.retry, queue.failures)
    this.#ready.add(queue)
  }

  #distrust(queue: PartitionQueue): void {
    this.#cluster.invalidate(queue.topic)
    const waiting = this.#stale.get(queue.topic)
    if (waiting === undefined) this.#stale.set(queue.topic, new Set([queue]))
    else waiting.add(queue)
  }

  async #lookUp(): Promise<void> {
    this.#lookingUp = true
    const { signal } = this.#closing
    try {
      for (let failures = 1; this.#stale.size > 0; failures++) {
        const names = [...this.#stale.keys()]
        const error = await this.#lookUpOnce(names)
        if (error === undefined) for (const name of names) this.#judgeTopic(name)
        for (const name of names) this.#stale.delete(name)
        this.wake()
        // No broker can be asked: the batches wait, and say why when their time is over.
        await this.#cluster.backOff({ what: `looking up ${names.map((name) => `'${name}'`).join(', ')}`, failures, error, signal })
      }
    } catch (error) {
      // This producer, or the cluster under it, was closed.
      if (!(error instanceof TidemarkError) || !['ABORTED', 'CLOSED'].includes(error.code)) throw error
    } finally {
      this.#lookingUp = false
    }
  }

  async #lookUpOnce(names: readonly string[]): Promise<TidemarkError | undefined> {
    try {
      await this.#cluster.topics(names, { timeoutMs: 0, autoCreate: this.#options.autoCreate, signal: this.#closing.signal })
      return undefined
    } catch (error) {
      if (!(error instanceof TidemarkError) || this.#closing.signal.aborted || error.code === 'CLOSED') throw error
      return error
    }
  }

  /**
   * Fails the records for a topic or partition that does not exist. Two look-ups in a row have to say so, since a
   * broker may lag behind; all of them for `topicWaitMs` where it may only just have been created.
   */
  #judgeTopic(topic: string): void {
    const view = this.#cluster.topic(topic)
    for (const queue of this.#stale.get(topic) ?? []) {
      const error = view === undefined ? undefined : missing(queue, view)
      if (error === undefined) this.#missing.delete(queue)
      else if (!['UNKNOWN_TOPIC', 'UNKNOWN_PARTITION'].includes(error.code) || (this.#missing.has(queue) && !this.#mayBeNew(queue))) {
        this.#missing.delete(queue)
        this.#drop(queue, error)
      } else this.#missing.add(queue)
    }
  }

  #mayBeNew({ hasTaken, retries, waiting }: PartitionQueue): boolean {
    const oldest = retries[0] ?? waiting[0]
    if (hasTaken || oldest === undefined) return false
    return this.#cluster.options.platform.clock.monotonic() - oldest.createdMs < this.#options.topicWaitMs
  }

  #expire(queue: PartitionQueue, nowMs: number): void {
    for (const list of [queue.retries, queue.waiting]) {
      while (list.length > 0 && list[0]!.deadlineMs <= nowMs) {
        const batch = list.shift()!
        const { topic, partition } = batch
        const why = batch.lastError?.message ?? `${topic}-${partition} has no leader that can be reached`
        const doubt = batch.attempts > 0 ? 'it may have been written all the same' : 'it was not sent'
        const text = `not acknowledged by ${topic}-${partition} within ${this.#options.deliveryTimeoutMs} ms (${batch.attempts} tries): ${why}; ${doubt}`
        const error = new TidemarkError('DELIVERY_TIMED_OUT', text, { topic, partition, cause: batch.lastError })
        batch.failed(() => error)
        this.#onDone(batch)
      }
    }
  }

  #failAll(error: TidemarkError): void {
    for (const queue of this.#ready) this.#drop(queue, error)
  }

  #drop(queue: PartitionQueue, error: TidemarkError): void {
    for (const batch of [...queue.retries.splice(0), ...queue.waiting.splice(0)]) {
      batch.failed(() => error)
      this.#onDone(batch)
    }
    this.#ready.delete(queue)
  }
}
