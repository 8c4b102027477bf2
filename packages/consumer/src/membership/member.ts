/**
 * Carries out what the membership machine decides: joins, syncs, heartbeats and leaves over the coordinator's connection.
 *
 * Every answer goes back into the machine as an event. Nothing here judges: which claims live is decided in state/, and done by the
 * listener.
 */
import type { Body, Cluster } from '@tidemark/client/internal'
import { type Clock, type Random, TidemarkError, type TidemarkErrorCode, type Timer } from '@tidemark/platform'
import { type Api, apis, ErrorCode, errorOf, type Infer, type InferInput } from '@tidemark/protocol'
import { type Membership, type MembershipAction, type MembershipEvent, membership, on } from '../state/membership.ts'
import type { MemberSubscription, TopicPartition } from './assignors/assignor.ts'
import { type AssignorName, assignors } from './assignors/index.ts'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './subscription.ts'
import { AssignmentWatch, countOf, isWhole, type PartitionCounts } from './watch.ts'

export interface MemberOptions {
  readonly group: string
  /** A name that outlives the process: the member comes back to its partitions without a rebalance (KIP-345). */
  readonly instanceId: string | undefined
  readonly topics: readonly string[]
  readonly assignors: readonly AssignorName[]
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
  readonly requestTimeoutMs: number
}

/** What the machine's decisions mean for the work; each is called in the turn in which it was decided. */
export interface MemberListener {
  take(partitions: readonly TopicPartition[]): void
  /** Resolves when the partitions are drained, committed and dead. */
  giveUp(partitions: readonly TopicPartition[], reason: 'revoked' | 'shutdown'): Promise<void>
  lose(partitions: readonly TopicPartition[]): void
  joined(generation: number): void
  /** The coordinator was heard again after a silence in which it may have expelled us, and has not. */
  trusted(): void
  failed(error: TidemarkError): void
  gone(): void
}

/** On top of the rebalance time-out, for the way of a JoinGroup there and back. */
const JOIN_MARGIN_MS = 5_000
const BACKOFF_MS = 100
const BACKOFF_MAX_MS = 3_000

export class Member {
  readonly #options: MemberOptions
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #random: Random
  readonly #listener: MemberListener
  readonly #state: Membership = membership()
  #heartbeat: Timer | undefined
  #backoff: Timer | undefined
  #beating = false
  readonly #watch: AssignmentWatch
  /** Who was in the group when this member came back to lead it, and had nothing to assign (KIP-814). */
  #found: readonly MemberSubscription[] | undefined
  #lastHeardMs: number
  #joinSentMs = 0
  /** The assignor that the group chose for this generation. */
  #protocol: AssignorName = 'cooperative-sticky'

  constructor(options: MemberOptions, cluster: Cluster, clock: Clock, random: Random, listener: MemberListener) {
    this.#options = options
    this.#cluster = cluster
    this.#clock = clock
    this.#random = random
    this.#listener = listener
    this.#lastHeardMs = clock.monotonic()
    this.#watch = new AssignmentWatch(cluster, options.rebalanceTimeoutMs, () => this.#on({ kind: 'outdated' }))
  }

  /** What a commit says of its sender: always the current generation (decision 8 of the design). */
  get identity(): { readonly memberId: string; readonly generation: number; readonly instanceId: string | undefined } {
    return { memberId: this.#state.memberId, generation: this.#state.generation, instanceId: this.#options.instanceId }
  }

  get phase(): Membership['phase'] {
    return this.#state.phase
  }

  /**
   * Whether the coordinator may have expelled us by now, as far as our clock can tell: nothing was heard from it for a session
   * time-out (the process was stopped, or it cannot be reached). Handlers wait until it is heard again. A JoinGroup under way
   * is answered late by its nature: what counts then is how long the silence was when it was sent.
   */
  get doubtful(): boolean {
    const { phase, joinSent } = this.#state
    const until = phase === 'joining' && joinSent ? this.#joinSentMs : this.#clock.monotonic()
    return until - this.#lastHeardMs > this.#options.sessionTimeoutMs
  }

  start(): void {
    this.#on({ kind: 'start' })
  }

  /** Drains, commits, leaves; `gone` is called at the end. */
  stop(): void {
    this.#on({ kind: 'stop' })
  }

  /** A commit was refused with an error of the group's. */
  refused(error: string, generation: number): void {
    this.#on({ kind: 'refused', error, generation })
  }

  /** Topics came, went or grew. */
  clusterChanged(): void {
    this.#watch.clusterChanged()
  }

  #on(event: MembershipEvent): void {
    for (const action of on(this.#state, event)) this.#perform(action)
    if (this.#state.phase === 'gone') this.#listener.gone()
  }

  #perform(action: MembershipAction): void {
    switch (action.kind) {
      case 'join':
        return void this.#join(action)
      case 'sync':
        this.#listener.joined(action.generation)
        return void this.#sync(action)
      case 'heartbeats':
        return this.#setHeartbeats(action.on)
      case 'backoff':
        return this.#wait(action.failures)
      case 'take':
        return this.#listener.take(action.partitions)
      case 'giveUp':
        return void this.#giveUp(action.partitions, action.reason)
      case 'lose':
        return this.#listener.lose(action.partitions)
      case 'leave':
        this.#watch.end()
        return void this.#leave(action.memberId)
      case 'fail':
        this.#watch.end()
        return this.#listener.failed(this.#explain(action.error))
    }
  }

  async #giveUp(partitions: readonly TopicPartition[], reason: 'revoked' | 'shutdown'): Promise<void> {
    await this.#listener.giveUp(partitions, reason)
    this.#on({ kind: 'released', partitions })
  }

  async #send<A extends Api>(api: A, body: Body<A>, timeoutMs: number): Promise<Infer<A['response']>> {
    const answer = await this.#cluster.send(api, body, {
      node: { coordinator: this.#options.group },
      purpose: 'coordinator',
      owner: this,
      timeoutMs,
    })
    return answer.body as Infer<A['response']>
  }

  /** Called when an answer was judged, not before: it may be the one that says we are out. */
  #heard(): void {
    const nowMs = this.#clock.monotonic()
    const silenceMs = nowMs - this.#lastHeardMs
    this.#lastHeardMs = nowMs
    if (silenceMs > this.#options.sessionTimeoutMs) this.#listener.trusted()
  }

  /** Tells the machine of an error code, and the cluster view when the coordinator is elsewhere. */
  #refuse(code: number, generation: number): void {
    if (code === ErrorCode.NOT_COORDINATOR || code === ErrorCode.COORDINATOR_NOT_AVAILABLE) {
      this.#cluster.forgetCoordinator(this.#options.group)
    }
    this.#on({ kind: 'refused', error: errorOf(code).name, generation })
  }

  #unreachable(error: unknown, generation: number): void {
    this.#cluster.forgetCoordinator(this.#options.group)
    const fatal = error instanceof TidemarkError && error.code === 'UNSUPPORTED_VERSION'
    this.#on({ kind: 'refused', error: fatal ? 'UNSUPPORTED_VERSION' : 'UNREACHABLE', generation })
  }

  async #join(action: Extract<MembershipAction, { kind: 'join' }>): Promise<void> {
    const { group, instanceId, sessionTimeoutMs, rebalanceTimeoutMs, topics } = this.#options
    const generation = this.#state.generation
    // Called in the turn in which the request is written: what was lost while the coordinator was looked for is not in it.
    const body = (): InferInput<typeof apis.JoinGroup.request> => {
      this.#on({ kind: 'joinSent' })
      this.#joinSentMs = this.#clock.monotonic()
      const metadata = encodeSubscription(topics, this.#state.owned, action.generation)
      return {
        groupId: group,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId: action.memberId,
        groupInstanceId: instanceId ?? null,
        protocolType: 'consumer',
        protocols: this.#options.assignors.map((name) => ({ name, metadata })),
      }
    }
    this.#watch.end()
    try {
      const answer = await this.#send(apis.JoinGroup, body, rebalanceTimeoutMs + JOIN_MARGIN_MS)
      if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) return this.#on({ kind: 'memberIdGiven', memberId: answer.memberId })
      if (answer.errorCode !== 0) return this.#refuse(answer.errorCode, generation)
      const assignor = assignors[answer.protocolName as AssignorName]
      if (assignor === undefined) return this.#refuse(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, generation)
      this.#protocol = answer.protocolName as AssignorName
      const leads = answer.leader === answer.memberId
      const members = leads ? answer.members.map((m) => decodeSubscription(m.memberId, m.groupInstanceId, m.metadata)) : undefined
      this.#found = answer.skipAssignment ? members : undefined
      this.#on({
        kind: 'joined',
        memberId: answer.memberId,
        generation: answer.generationId,
        cooperative: assignor.cooperative,
        members: answer.skipAssignment ? undefined : members,
      })
      this.#heard()
    } catch (error) {
      this.#unreachable(error, generation)
    }
  }

  async #sync(action: Extract<MembershipAction, { kind: 'sync' }>): Promise<void> {
    const { generation, memberId } = action
    try {
      const assignments = action.members === undefined ? [] : await this.#assign(action.members, generation)
      const answer = await this.#send(
        apis.SyncGroup,
        {
          groupId: this.#options.group,
          generationId: generation,
          memberId,
          groupInstanceId: this.#options.instanceId ?? null,
          protocolType: 'consumer',
          protocolName: this.#protocol,
          assignments,
        },
        this.#options.rebalanceTimeoutMs + JOIN_MARGIN_MS,
      )
      if (this.#state.generation !== generation) return
      if (answer.errorCode !== 0) return this.#refuse(answer.errorCode, generation)
      this.#on({ kind: 'synced', partitions: decodeAssignment(answer.assignment) })
      this.#heard()
      if (this.#found !== undefined) void this.#inspect(this.#found)
    } catch (error) {
      this.#unreachable(error, generation)
    }
  }

  async #assign(members: readonly MemberSubscription[], generation: number) {
    const counts = await this.#countsFor(members)
    const assignment = assignors[this.#protocol].assign(members, counts)
    const { phase, generation: current } = this.#state
    if (phase === 'syncing' && generation === current) this.#watch.begin(counts, [...assignment.values()].flat())
    return members.map((m) => ({ memberId: m.memberId, assignment: encodeAssignment(assignment.get(m.memberId) ?? []) }))
  }

  async #countsFor(members: readonly MemberSubscription[]): Promise<PartitionCounts> {
    const topics = [...new Set(members.flatMap((m) => m.topics))]
    await this.#cluster.topics(topics)
    return new Map(topics.map((topic) => [topic, countOf(this.#cluster, topic)]))
  }

  /**
   * A leader that came back and was told to assign nothing does not know what it once left open, nor which topics grew meanwhile: the
   * coordinator has on record what everybody got. If it cannot be asked, a rebalance finds out.
   */
  async #inspect(members: readonly MemberSubscription[]): Promise<void> {
    const { group, requestTimeoutMs } = this.#options
    this.#found = undefined
    const { generation } = this.#state
    let whole = false
    try {
      const counts = await this.#countsFor(members)
      const { groups } = await this.#send(apis.DescribeGroups, { groups: [group] }, requestTimeoutMs)
      if (this.#state.generation !== generation) return
      const assigned = groups.flatMap((g) => g.members.flatMap((m) => decodeAssignment(m.memberAssignment)))
      this.#watch.begin(counts, assigned)
      whole = isWhole(counts, assigned)
    } catch {}
    if (!whole && this.#state.generation === generation) this.#on({ kind: 'outdated' })
  }

  #setHeartbeats(wanted: boolean): void {
    this.#heartbeat?.cancel()
    this.#heartbeat = undefined
    if (wanted) this.#heartbeat = this.#clock.schedule(this.#options.heartbeatIntervalMs, () => void this.#beat())
  }

  async #beat(): Promise<void> {
    if (this.#beating) return
    this.#beating = true
    const { memberId, generation } = this.#state
    try {
      const answer = await this.#send(
        apis.Heartbeat,
        { groupId: this.#options.group, generationId: generation, memberId, groupInstanceId: this.#options.instanceId ?? null },
        this.#options.sessionTimeoutMs,
      )
      if (answer.errorCode === 0) this.#on({ kind: 'beaten' })
      else this.#refuse(answer.errorCode, generation)
      this.#heard()
    } catch (error) {
      this.#unreachable(error, generation)
    } finally {
      this.#beating = false
    }
    if (this.#state.phase === 'stable' || this.#state.phase === 'releasing') this.#setHeartbeats(true)
  }

  #wait(failures: number): void {
    const full = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** Math.min(failures - 1, 10))
    this.#backoff?.cancel()
    this.#backoff = this.#clock.schedule(full / 2 + (this.#random.next() * full) / 2, () => this.#on({ kind: 'backoffPassed' }))
  }

  async #leave(memberId: string): Promise<void> {
    const { group, instanceId } = this.#options
    // A static member stays on the list: that is what the name is for. Its session expires if it does not come back.
    if (instanceId === undefined) {
      const body = (version: number) => (version >= 3 ? { groupId: group, members: [{ memberId }] } : { groupId: group, memberId })
      const to = { node: { coordinator: group }, purpose: 'coordinator', owner: this, timeoutMs: this.#options.requestTimeoutMs } as const
      await this.#cluster.send(apis.LeaveGroup, body, to).catch(() => {}) // the session's end will do it
    }
    this.#on({ kind: 'left' })
  }

  #explain(error: string): TidemarkError {
    const { group, instanceId, assignors: named } = this.#options
    switch (error) {
      case 'FENCED_INSTANCE_ID':
        return new TidemarkError(
          error,
          `another process has joined group '${group}' as instance '${instanceId}'; give each its own instanceId`,
        )
      case 'INCONSISTENT_GROUP_PROTOCOL':
        return new TidemarkError(
          error,
          `group '${group}' has members that share no assignor with this one (${named.join(', ')}); name the one they use in 'assignors'`,
        )
      case 'INVALID_SESSION_TIMEOUT':
        return new TidemarkError(
          error,
          `the broker does not allow a sessionTimeoutMs of ${this.#options.sessionTimeoutMs} (group.min/max.session.timeout.ms)`,
        )
      default:
        return new TidemarkError(error as TidemarkErrorCode, `group '${group}': ${error}`)
    }
  }
}
