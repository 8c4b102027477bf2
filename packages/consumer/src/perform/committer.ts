/**
 * Sends commits: one request at a time, the current generation, living claims only. They have a connection of their own: a JoinGroup
 * that waits for other members would hold them back for as long.
 *
 * After an answer that says nothing about the claims themselves (coordinator away, rebalance under way, time-out) the offsets stay due
 * and go with the next commit; after a fenced one the membership is told, and they go again only if a new join keeps the claim.
 *
 * What is done above the committed offset goes in the commit's metadata. A broker that takes less of it than Kafka does gets half of what it refused.
 *
 * An offset goes to the topic it was read from (T4): by the topic's id where the broker takes ids (OffsetCommit 10, Kafka 4.1), else by
 * name while the view of the cluster says that the name still is that topic's. A topic that was made again never gets the old one's offsets.
 */
import type { Cluster } from '@tidemark/client/internal'
import { type Clock, TidemarkError, type Timer } from '@tidemark/platform'
import { apis, ErrorCode, errorOf, type InferInput, type OffsetCommitRequest, ZERO_UUID } from '@tidemark/protocol'
import type { Member } from '../membership/member.ts'
import { type Claim, isAlive, keyOf } from '../state/claims.ts'
import { isRecorded, metadataOf, type PlannedCommit, planCommit } from '../state/commit-plan.ts'
import { METADATA_UNITS_MAX } from '../state/finished.ts'

export interface CommitterOptions {
  readonly group: string
  readonly intervalMs: number
  /** A commit is also sent when so many records were done since the last. */
  readonly recordsMax: number
  readonly requestTimeoutMs: number
  readonly retryDelayMs: number
}

export interface CommitEvents {
  committed(claim: Claim, offset: number): void
  refused(claim: Claim, offset: number, error: string): void
}

const ELSEWHERE: ReadonlySet<number> = new Set([ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE])
const NO_SUCH_TOPIC: ReadonlySet<number> = new Set([ErrorCode.UNKNOWN_TOPIC_ID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION])
const TOPIC_IDS_FROM = 10
const OF_THE_GROUP: ReadonlySet<number> = new Set([ErrorCode.ILLEGAL_GENERATION, ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_INSTANCE_ID])

export class Committer {
  readonly #options: CommitterOptions
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #member: Member
  readonly #claims: () => Iterable<Claim>
  readonly #events: CommitEvents
  #timer: Timer | undefined
  #sending: Promise<void> | undefined
  #doneSinceSent = 0
  #metadataUnitsMax = METADATA_UNITS_MAX

  constructor(
    options: CommitterOptions,
    cluster: Cluster,
    clock: Clock,
    member: Member,
    claims: () => Iterable<Claim>,
    events: CommitEvents,
  ) {
    this.#options = options
    this.#cluster = cluster
    this.#clock = clock
    this.#member = member
    this.#claims = claims
    this.#events = events
  }

  start(): void {
    this.#timer = this.#clock.schedule(this.#options.intervalMs, () => {
      this.start()
      void this.#send()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** A record was done: enough of them do not wait for the interval. */
  count(): void {
    if (++this.#doneSinceSent >= this.#options.recordsMax && this.#sending === undefined) void this.#send()
  }

  /** Resolves once everything that may be committed now is on record; rejects with COMMIT_FENCED if a claim dies first. */
  async flush(): Promise<void> {
    const due = planCommit(this.#claims())
    while (due.some((p) => isAlive(p.claim) && !isRecorded(p))) {
      await this.#attempt()
    }
    const lost = due.find((p) => !isRecorded(p))
    if (lost !== undefined) {
      const { topic, partition } = lost.claim
      throw new TidemarkError('COMMIT_FENCED', `${topic}-${partition} went to another member before offset ${lost.offset} was committed`, {
        topic,
        partition,
        offset: lost.offset,
      })
    }
  }

  /** Commits what these claims have, as long as `until` (monotonic) has not passed, they live, and their topics are there. */
  async settle(claims: readonly Claim[], until: number): Promise<void> {
    for (const c of claims) c.topicMissing = false
    while (this.#plan(claims).some((p) => !p.claim.topicMissing) && this.#clock.monotonic() < until) await this.#attempt()
  }

  /** What is due of topics that are, as far as we know, the ones that were read. */
  #plan(claims: Iterable<Claim>): PlannedCommit[] {
    return planCommit(claims).filter(({ claim: { topic, topicUuid } }) => {
      const view = this.#cluster.topic(topic)
      return view === undefined || topicUuid === undefined || (view.errorCode === 0 && view.id === topicUuid)
    })
  }

  /** One commit, after the one under way; a pause follows if it changed nothing, so that nobody spins. */
  async #attempt(): Promise<void> {
    if (this.#sending !== undefined) return this.#sending
    if (await this.#send()) return
    await new Promise<void>((resolve) => this.#clock.schedule(this.#options.retryDelayMs, resolve))
  }

  /** False when some offset is still due. */
  async #send(): Promise<boolean> {
    if (this.#sending !== undefined) return false
    this.#doneSinceSent = 0
    if (this.#plan(this.#claims()).length === 0) return planCommit(this.#claims()).length === 0
    if (this.#member.identity.generation < 0) return false
    let ok = false
    this.#sending = this.#request().then((result) => {
      ok = result
    })
    try {
      await this.#sending
    } finally {
      this.#sending = undefined
    }
    return ok
  }

  async #request(): Promise<boolean> {
    const { group } = this.#options
    let planned: readonly WrittenCommit[] = []
    let generation = -1
    const byId = this.#plan(this.#claims()).every((p) => p.claim.topicUuid !== undefined)
    // Called in the turn in which the request is written: a claim that died while the coordinator was looked for is not in it.
    const body = (version: number) => {
      planned = this.#plan(this.#claims())
        .filter((p) => version < TOPIC_IDS_FROM || p.claim.topicUuid !== undefined)
        .map((p) => ({ ...p, metadata: metadataOf(p.claim, this.#metadataUnitsMax) }))
      if (planned.length === 0) throw new NothingDue()
      const { identity } = this.#member
      generation = identity.generation
      return requestOf(group, identity, planned)
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
        for (const p of t.partitions) codes.set(keyOf(topic, p.partitionIndex), p.errorCode)
      }
      if (answer.version < TOPIC_IDS_FROM) await this.#lookUpMissing(planned, codes)
      return this.#judge(planned, codes, generation)
    } catch (error) {
      if (error instanceof NothingDue) return true
      this.#cluster.forgetCoordinator(group)
      return false
    }
  }

  /** By name an offset could reach a topic that was made again: who has the name now is asked before it goes once more. */
  async #lookUpMissing(planned: readonly PlannedCommit[], codes: ReadonlyMap<string, number>): Promise<void> {
    const missing = planned.filter(({ claim: c }) => NO_SUCH_TOPIC.has(codes.get(keyOf(c.topic, c.partition)) ?? 0))
    if (missing.length > 0) await this.#cluster.refresh([...new Set(missing.map((p) => p.claim.topic))])
  }

  #judge(planned: readonly WrittenCommit[], codes: ReadonlyMap<string, number>, generation: number): boolean {
    let ok = true
    let ofTheGroup: number | undefined
    for (const p of planned) {
      const { topic, topicUuid, partition } = p.claim
      const code = codes.get(keyOf(topic, partition)) ?? codes.get(keyOf(topicUuid ?? topic, partition)) ?? ErrorCode.UNKNOWN_SERVER_ERROR
      p.claim.topicMissing = NO_SUCH_TOPIC.has(code)
      if (code === 0) {
        if (!isAlive(p.claim)) continue
        p.claim.committed = p.offset
        p.claim.finishedOnRecord = p.finishedCount
        this.#events.committed(p.claim, p.offset)
        continue
      }
      ok = false
      if (ELSEWHERE.has(code)) this.#cluster.forgetCoordinator(this.#options.group)
      if (OF_THE_GROUP.has(code)) ofTheGroup = code
      if (code === ErrorCode.OFFSET_METADATA_TOO_LARGE) {
        this.#metadataUnitsMax = Math.min(this.#metadataUnitsMax, Math.floor(p.metadata.length / 2))
      }
      if (isAlive(p.claim)) this.#events.refused(p.claim, p.offset, errorOf(code).name)
    }
    if (ofTheGroup !== undefined) this.#member.refused(errorOf(ofTheGroup).name, generation)
    return ok
  }
}

/** Everything that was due when a commit was begun is dead or recorded when it could be written. */
class NothingDue extends Error {}

interface WrittenCommit extends PlannedCommit {
  readonly metadata: string
}

function requestOf(group: string, sender: Member['identity'], planned: readonly WrittenCommit[]): InferInput<typeof OffsetCommitRequest> {
  const byTopic = new Map<string, WrittenCommit[]>()
  for (const p of planned) {
    const known = byTopic.get(p.claim.topic)
    if (known === undefined) byTopic.set(p.claim.topic, [p])
    else known.push(p)
  }
  const topics = [...byTopic].map(([name, list]) => ({
    name,
    topicId: list[0]!.claim.topicUuid ?? ZERO_UUID,
    partitions: list.map((p) => ({
      partitionIndex: p.claim.partition,
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
