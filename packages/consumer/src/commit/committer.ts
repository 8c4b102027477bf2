/**
 * Sends commits: one request at a time, in the current generation, for living claims only. Commits have a connection
 * of their own: a parked JoinGroup would delay them.
 *
 * Every answer falls into a class of `outcome.ts`. Offsets whose commit may be retried stay due and go with the next
 * request; an offset that cannot be committed is reported, and ends the run. Nothing is passed over.
 *
 * An offset goes to the topic it was read from (T4): by the topic's id where the broker takes ids (OffsetCommit 10,
 * Kafka 4.1), else by name, while the view of the cluster says that the name is still that topic's. A topic that was
 * created again never gets the old one's offsets.
 */
import { type Cluster, METADATA_UNITS_MAX, textOf } from '@tidemark/client/internal'
import { type Clock, sleep, TidemarkError, type Timer } from '@tidemark/platform'
import { apis, ErrorCode, type ErrorName, errorOf, type InferInput, type OffsetCommitRequest, ZERO_UUID } from '@tidemark/protocol'
import { mayPass } from '../failures.ts'
import type { CommitLimits } from './limits.ts'
import { type CommitOutcome, commitOutcome, outcomeOfFailure } from './outcome.ts'
import { type CommitRules, isRecorded, metadataOf, type PlannedCommit, planCommit, plannedOf, unrecordedOf } from './plan.ts'
import type { CommitSubject } from './subject.ts'

export interface CommitterOptions extends CommitRules {
  readonly group: string
  readonly intervalMs: number
  /** A commit is also sent when so many records were done since the last. */
  readonly recordsMax: number
  readonly requestTimeoutMs: number
  readonly retryDelayMs: number
}

/** Who commits: what the coordinator checks. */
export interface Sender {
  readonly memberId: string
  /** -1: the member has not joined. */
  readonly generation: number
  readonly instanceId: string | undefined
}

export interface CommitListener<S extends CommitSubject> {
  committed(subject: S, offset: number): void
  refused(subject: S, offset: number, error: TidemarkError): void
  /** The coordinator does not take commits of this member, in the generation that the request carried. */
  memberRefused(error: ErrorName, generation: number): void
  /** A request failed and is tried again; `attempts` failed one after the other. */
  failing(error: TidemarkError, attempts: number): void
  /** No retry can fix this. */
  failed(cause: unknown): void
}

/** So many look-ups in a row that do not find a topic mean that it is gone. */
const LOOK_UPS_UNTIL_GONE = 2
/** By so many at once, so that a rebalance finds what is done on record (T33). */
const REBALANCE_INTERVAL_MS = 100
const TOPIC_IDS_FROM = 10

export class Committer<S extends CommitSubject> {
  readonly #options: CommitterOptions
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #sender: () => Sender
  readonly #subjects: () => Iterable<S>
  readonly #listener: CommitListener<S>
  #timer: Timer | undefined
  #intervalMs: number
  #sending: Promise<void> | undefined
  #doneSinceSent = 0
  #failures = 0
  #metadataUnitsMax = METADATA_UNITS_MAX

  constructor(
    options: CommitterOptions,
    cluster: Cluster,
    clock: Clock,
    sender: () => Sender,
    subjects: () => Iterable<S>,
    listener: CommitListener<S>,
  ) {
    this.#options = options
    this.#cluster = cluster
    this.#clock = clock
    this.#sender = sender
    this.#subjects = subjects
    this.#listener = listener
    this.#intervalMs = options.intervalMs
  }

  /** Commits by interval, until `stop`. With manual commits nothing is sent that the user did not ask for. */
  start(): void {
    if (!this.#options.automatic) return
    this.#timer?.cancel()
    this.#timer = this.#clock.schedule(this.#intervalMs, () => {
      this.start()
      void this.#send()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /**
   * While a rebalance goes on, what is done is committed at once and then often: its end may take partitions away
   * without a drain.
   */
  setRebalancing(rebalancing: boolean): void {
    const intervalMs = rebalancing ? Math.min(REBALANCE_INTERVAL_MS, this.#options.intervalMs) : this.#options.intervalMs
    const isRunning = this.#timer !== undefined
    if (intervalMs === this.#intervalMs || !isRunning) return
    this.#intervalMs = intervalMs
    this.start()
    if (rebalancing) void this.#send()
  }

  /** So many records were done: enough of them do not wait for the interval. */
  count(records: number): void {
    this.#doneSinceSent += records
    if (this.#options.automatic && this.#doneSinceSent >= this.#options.recordsMax) void this.#send()
  }

  /**
   * Resolves once what these claims may commit now is on record. Rejects with `TidemarkError`: COMMIT_FENCED if one
   * of them dies first, COMMIT_FAILED when it was refused for good or the time is over, ABORTED by the signal.
   */
  async commit(subjects: readonly S[], { timeoutMs, signal }: CommitLimits): Promise<void> {
    for (const s of subjects) {
      if (s.isDead) throw fenced(s)
      s.isRequested = s.isCommittable
    }
    const untilMs = this.#clock.monotonic() + timeoutMs
    const due = planCommit(subjects, this.#options)
    for (;;) {
      const open = due.find((p) => !isRecorded(p))
      if (open === undefined) return
      const { subject } = open
      if (subject.isDead) throw fenced(subject)
      if (subject.commitError !== undefined) throw commitFailed([open], subject.commitError)
      if (signal?.aborted) throw new TidemarkError('ABORTED', 'the signal of this commit aborted', { cause: signal.reason })
      const leftMs = untilMs - this.#clock.monotonic()
      if (leftMs <= 0) throw commitFailed([open], timedOut(subject, timeoutMs))
      await this.#lookUpMissing([open])
      if (this.#isGone(subject)) throw commitFailed([open], topicGone(subject))
      await this.#attempt(leftMs, signal, () => due.some((p) => !isRecorded(p) && !p.subject.isDead && p.subject.commitError === undefined))
    }
  }

  /**
   * Resolves once what is noted of this claim's records, up to this version of the notes, is on record. Rejects with
   * `TidemarkError`: COMMIT_FENCED if it dies first, COMMIT_FAILED if its commit is refused for good.
   */
  async commitNotes(subject: S, notesVersion: number): Promise<void> {
    const isNeeded = (): boolean => subject.recordedNotes < notesVersion && !subject.isDead && subject.commitError === undefined
    while (isNeeded()) await this.#attempt(this.#options.requestTimeoutMs, undefined, isNeeded)
    if (subject.recordedNotes >= notesVersion) return
    if (subject.commitError === undefined) throw fenced(subject)
    throw commitFailed([plannedOf(subject)], subject.commitError)
  }

  /**
   * The last commit of claims that are being given up: tried while they live, can be committed, and `untilMs`
   * (monotonic) is not over.
   */
  async settle(subjects: readonly S[], untilMs: () => number): Promise<void> {
    const isDue = (p: PlannedCommit<S>): boolean => !this.#isGone(p.subject) && p.subject.commitError === undefined
    for (;;) {
      const due = planCommit(subjects, this.#options).filter(isDue)
      const leftMs = untilMs() - this.#clock.monotonic()
      if (due.length === 0 || leftMs <= 0) return
      await this.#lookUpMissing(due)
      await this.#attempt(leftMs, undefined, () => planCommit(subjects, this.#options).some(isDue))
    }
  }

  /** Resolves once what is due now was sent and answered, whatever the answer. */
  async commitDue(): Promise<void> {
    await this.#sending
    await this.#send()
  }

  /** What of this claim is done and not on record, unless its topic is gone. */
  unrecorded(subject: S): PlannedCommit<S> | undefined {
    if (!this.#options.automatic && !subject.isRequested) return undefined
    const planned = unrecordedOf(subject, this.#options)
    return planned !== undefined && !this.#isGone(subject) ? planned : undefined
  }

  /** What is due of topics that are, as far as we know, not gone. */
  #plan(subjects: Iterable<S>): PlannedCommit<S>[] {
    return planCommit(subjects, this.#options).filter((p) => this.#topicOf(p.subject) !== 'gone')
  }

  /**
   * Whether the topic's name is still that of the topic that was read. `unknown`: an error of the metadata leaves it
   * open for now.
   */
  #topicOf({ topic, topicUuid }: S): 'same' | 'gone' | 'unknown' {
    const view = this.#cluster.topic(topic)
    if (view === undefined || topicUuid === undefined) return 'same'
    if (view.errorCode === 0) return view.id === topicUuid ? 'same' : 'gone'
    return commitOutcome(errorOf(view.errorCode).name) === 'topicMissing' ? 'gone' : 'unknown'
  }

  /**
   * Nothing can be committed for it any more: its name belongs to another topic, or two look-ups in a row did not
   * find it. A single one may have been answered by a broker that lags behind.
   */
  #isGone(subject: S): boolean {
    const isReplaced = this.#topicOf(subject) === 'gone' && this.#cluster.topic(subject.topic)?.errorCode === 0
    return isReplaced || subject.missingLookUps >= LOOK_UPS_UNTIL_GONE
  }

  /** Looks up again the topics that seem to be missing: in the view, or to the coordinator at the last commit. */
  async #lookUpMissing(planned: readonly PlannedCommit<S>[]): Promise<void> {
    const missing = planned.map((p) => p.subject).filter((s) => s.isTopicMissing || this.#topicOf(s) === 'gone')
    if (missing.length === 0) return
    try {
      await this.#cluster.refresh(new Set(missing.map((s) => s.topic)))
    } catch (error) {
      if (!mayPass(error)) throw error
      return // no broker can be asked: nothing is known
    }
    for (const s of missing) {
      s.missingLookUps = this.#topicOf(s) === 'gone' ? s.missingLookUps + 1 : 0
      s.isTopicMissing = false
    }
  }

  /**
   * The request under way, or else one of its own, and a pause if another one is needed then. Takes no longer than
   * `leftMs`.
   */
  async #attempt(leftMs: number, signal: AbortSignal | undefined, isNeeded: () => boolean): Promise<void> {
    const ended = new AbortController()
    const limit = sleep(this.#clock, leftMs, ended.signal)
    limit.catch(() => {}) // ended first: the limit is of no interest any more
    const abort = (): void => ended.abort()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const isOwn = this.#sending === undefined
      await Promise.race([this.#send(), limit])
      // The sleep rejects when it is not needed any more.
      if (isOwn && isNeeded()) await Promise.race([sleep(this.#clock, this.#options.retryDelayMs, ended.signal).catch(() => {}), limit])
    } catch (error) {
      if (!ended.signal.aborted) throw error
    } finally {
      signal?.removeEventListener('abort', abort)
      ended.abort()
    }
  }

  /** The request under way, or a new one of all that is due. Never rejects: what fails is reported. */
  #send(): Promise<void> {
    if (this.#sending !== undefined) return this.#sending
    this.#doneSinceSent = 0
    if (this.#sender().generation < 0 || this.#plan(this.#subjects()).length === 0) return Promise.resolve()
    const sending = this.#request().finally(() => {
      this.#sending = undefined
      this.count(0) // enough may have been done meanwhile
    })
    this.#sending = sending
    return sending
  }

  async #request(): Promise<void> {
    const { group } = this.#options
    let planned: readonly WrittenCommit<S>[] = []
    let generation = -1
    const byId = this.#plan(this.#subjects()).every((p) => p.subject.topicUuid !== undefined)
    // Called in the turn in which the request is written: a claim that died while the coordinator was looked up is
    // not in it.
    const body = (version: number) => {
      planned = this.#plan(this.#subjects())
        .filter(({ subject }) => (version < TOPIC_IDS_FROM ? this.#topicOf(subject) === 'same' : subject.topicUuid !== undefined))
        .map((p) => ({ ...p, metadata: metadataOf(p.subject, this.#options, this.#metadataUnitsMax) }))
      const sender = this.#sender()
      generation = sender.generation
      if (planned.length === 0 || generation < 0) throw new NothingDue()
      return requestOf(group, sender, planned)
    }
    try {
      const answer = await this.#cluster.send(apis.OffsetCommit, body, {
        node: { coordinator: group },
        purpose: 'coordinator',
        owner: this,
        timeoutMs: this.#options.requestTimeoutMs,
        ...(!byId && { versionMax: TOPIC_IDS_FROM - 1 }),
      })
      const codes = new Map<string, number>()
      for (const t of answer.body.topics) {
        const topic = answer.version < TOPIC_IDS_FROM ? t.name : t.topicId
        for (const p of t.partitions) codes.set(`${topic}\n${p.partitionIndex}`, p.errorCode)
      }
      this.#judge(
        planned.map((p) => ({ planned: p, name: nameOf(p, codes) })),
        generation,
      )
      // By name an offset could reach a topic that was created again: the name is looked up before the offset is sent
      // once more.
      await this.#lookUpMissing(planned)
    } catch (error) {
      if (!(error instanceof NothingDue)) this.#unanswered(error)
    }
  }

  #unanswered(error: unknown): void {
    this.#cluster.forgetCoordinator(this.#options.group)
    const isFatal = outcomeOfFailure(error) === 'fatal' || !(error instanceof TidemarkError)
    if (isFatal) {
      for (const { subject, offset } of this.#plan(this.#subjects())) {
        subject.commitError = error as Error
        if (error instanceof TidemarkError) this.#listener.refused(subject, offset, error)
      }
    }
    if (error instanceof TidemarkError) this.#listener.failing(error, ++this.#failures)
    if (isFatal) this.#listener.failed(error)
  }

  #judge(answers: readonly AnsweredCommit<S>[], generation: number): void {
    let failure: TidemarkError | undefined
    let memberError: ErrorName | undefined
    const fatal: S[] = []
    for (const { planned, name } of answers) {
      const outcome = commitOutcome(name)
      if (outcome === 'done') {
        this.#record(planned)
        continue
      }
      const error = refusedCommit(this.#options.group, planned, name)
      failure ??= error
      this.#react(planned, outcome)
      if (outcome === 'rejoin') memberError = name
      if (outcome === 'fatal') {
        planned.subject.commitError = error
        fatal.push(planned.subject)
      }
      if (!planned.subject.isDead) this.#listener.refused(planned.subject, planned.offset, error)
    }
    if (failure === undefined) this.#failures = 0
    else this.#listener.failing(failure, ++this.#failures)
    if (memberError !== undefined) this.#listener.memberRefused(memberError, generation)
    const alive = fatal.find((subject) => !subject.isDead)
    if (alive !== undefined) this.#listener.failed(alive.commitError)
  }

  #record({ subject, offset, finishedCount, notesVersion }: WrittenCommit<S>): void {
    subject.isTopicMissing = false
    subject.missingLookUps = 0
    subject.commitError = undefined
    if (subject.isDead) {
      subject.acknowledgedLate = { offset, finishedCount }
      return
    }
    subject.committed = offset
    subject.recordedCount = finishedCount
    subject.recordedNotes = notesVersion
    subject.isRecordStale = false
    if (finishedCount === subject.tracker.finishedCount) subject.isRequested = false
    this.#listener.committed(subject, offset)
  }

  #react({ subject, metadata }: WrittenCommit<S>, outcome: CommitOutcome): void {
    subject.isTopicMissing = outcome === 'topicMissing'
    if (outcome === 'moved') this.#cluster.forgetCoordinator(this.#options.group)
    if (outcome === 'metadataTooLarge') this.#metadataUnitsMax = Math.min(this.#metadataUnitsMax, Math.floor(metadata.length / 2))
  }
}

/**
 * When its request could be written, everything that had been due was dead or on record, or the member may not
 * commit.
 */
class NothingDue extends Error {}

interface WrittenCommit<S extends CommitSubject> extends PlannedCommit<S> {
  readonly metadata: string
}

interface AnsweredCommit<S extends CommitSubject> {
  readonly planned: WrittenCommit<S>
  readonly name: ErrorName
}

/** A partition that the answer leaves out counts as failed. */
function nameOf({ subject: { topic, topicUuid, partition } }: PlannedCommit, codes: ReadonlyMap<string, number>): ErrorName {
  const code = codes.get(`${topic}\n${partition}`) ?? codes.get(`${topicUuid ?? topic}\n${partition}`)
  return errorOf(code ?? ErrorCode.UNKNOWN_SERVER_ERROR).name
}

const partitionText = ({ topic, partition }: CommitSubject): string => `${topic}-${partition}`

function refusedCommit(group: string, { subject, offset }: PlannedCommit, name: ErrorName): TidemarkError {
  const { topic, partition } = subject
  const text = `group '${group}' could not commit offset ${offset} of ${partitionText(subject)}: ${name} (${errorOf(ErrorCode[name]).text})`
  return new TidemarkError(name, text, { topic, partition, offset })
}

function fenced(subject: CommitSubject): TidemarkError {
  const { topic, partition } = subject
  const text = `${partitionText(subject)} is not this member's any more, or was moved by a seek: its records cannot be committed`
  return new TidemarkError('COMMIT_FENCED', text, { topic, partition, offset: subject.committed ?? subject.start })
}

function timedOut(subject: CommitSubject, timeoutMs: number): TidemarkError {
  return new TidemarkError('TIMED_OUT', `the commit of ${partitionText(subject)} was not acknowledged within ${Math.round(timeoutMs)} ms`)
}

function topicGone({ topic }: CommitSubject): TidemarkError {
  return new TidemarkError('UNKNOWN_TOPIC', `topic '${topic}' does not exist any more, or was created again`, { topic })
}

/** Says of each partition where the group stays: the offset on record, or else the one at which this member began. */
export function commitFailed(planned: readonly PlannedCommit[], cause: unknown): TidemarkError {
  const partitions = planned.map(({ subject: s }) => ({ topic: s.topic, partition: s.partition, offset: s.committed ?? s.start }))
  const list = partitions.map((p) => `${p.topic}-${p.partition} at offset ${p.offset}`).join(', ')
  const [first] = partitions
  const text = `what is done could not be committed; the group stays with ${list}`
  return new TidemarkError('COMMIT_FAILED', cause === undefined ? text : `${text}; ${textOf(cause)}`, { ...first, partitions, cause })
}

function requestOf<S extends CommitSubject>(
  group: string,
  sender: Sender,
  planned: readonly WrittenCommit<S>[],
): InferInput<typeof OffsetCommitRequest> {
  const byTopic = new Map<string, WrittenCommit<S>[]>()
  for (const p of planned) {
    const known = byTopic.get(p.subject.topic)
    if (known === undefined) byTopic.set(p.subject.topic, [p])
    else known.push(p)
  }
  const topics = [...byTopic].map(([name, list]) => ({
    name,
    topicId: list[0]!.subject.topicUuid ?? ZERO_UUID,
    partitions: list.map((p) => ({
      partitionIndex: p.subject.partition,
      committedOffset: p.offset,
      committedLeaderEpoch: p.leaderEpoch,
      committedMetadata: p.metadata,
    })),
  }))
  return {
    groupId: group,
    generationIdOrMemberEpoch: sender.generation,
    memberId: sender.memberId,
    groupInstanceId: sender.instanceId ?? null,
    topics,
  }
}
