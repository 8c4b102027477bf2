/**
 * A member of a classic group: sends what the machine decides (joins, syncs, heartbeats, leaves) over the
 * coordinator's connection, and gives every answer back to it as an event.
 *
 * Nothing here judges: which claims live is decided by the machine and carried out by the listener. An exception that
 * is not an error of a request is a bug, and ends the run.
 */
import type { TopicPartition } from '@tidemark/client'
import { type Body, backoffMs, type Cluster, decodeAssignment } from '@tidemark/client/internal'
import { type Clock, type Random, sleep, TidemarkError, type Timer } from '@tidemark/platform'
import { type Api, apis, ErrorCode, type ErrorName, errorOf, type Infer, WireError } from '@tidemark/protocol'
import { mayPass } from '../../failures.ts'
import type { GroupRequest, MemberIdentity, Membership, MembershipListener } from '../membership.ts'
import type { MemberSubscription } from './assignors/assignor.ts'
import { type AssignorName, assignors } from './assignors/index.ts'
import { explainRefusal } from './explain.ts'
import { Leader } from './leader.ts'
import { isSuspended, type MemberState, type MembershipAction, type MembershipEvent, memberState, on } from './machine.ts'
import { memberOutcome } from './outcome.ts'
import { joinRequest, leaveRequest, syncRequest } from './requests.ts'

export interface MemberOptions {
  readonly group: string
  /** A name that outlives the process: the member comes back to its partitions without a rebalance (KIP-345). */
  readonly instanceId: string | undefined
  /** Where the member is, for a leader that assigns partitions by racks (KIP-881). */
  readonly rack?: string | undefined
  /** As they are now: read again for each join. */
  readonly topics: readonly string[]
  readonly assignors: readonly AssignorName[]
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly rebalanceTimeoutMs: number
  readonly shutdownTimeoutMs: number
  /** How long the coordinator may stay out of reach before its first answer. */
  readonly startTimeoutMs: number
  readonly requestTimeoutMs: number
}

/** On top of the rebalance time-out, for the way of a JoinGroup there and back. */
const JOIN_MARGIN_MS = 5_000
const BACKOFF = { delayMs: 100, delayMaxMs: 3_000 }
/** A join waits so long for the commit before it. */
const COMMIT_BEFORE_JOIN_MS = 1_000
const START_CHECK_MS = 1_000
/** Leaving only saves the others the session time-out: it is not worth a longer wait. */
const LEAVE_MS_MAX = 3_000

/** A join that could be sent at last is not wanted any more: the member stops. */
class JoinAbandoned extends Error {}

export class ClassicMember implements Membership {
  readonly #options: MemberOptions
  readonly #cluster: Cluster
  readonly #clock: Clock
  readonly #random: Random
  readonly #listener: MembershipListener
  readonly #state: MemberState = memberState()
  readonly #leader: Leader
  readonly #closed = new AbortController()
  #heartbeat: Timer | undefined
  #backoff: Timer | undefined
  #startLimit: Timer | undefined
  #isBeating = false
  #isRebalancing = false
  /**
   * When the coordinator is known to have had us as a member: the moment at which a request was sent that it
   * confirmed. Not when the answer was read: it may have lain in the socket while this process was stopped.
   */
  #confirmedMs: number
  /** When the group is known to have been stable: no rebalance that we hear of began earlier. */
  #stableMs: number
  #joinSentMs = 0
  /** Counts joins: an answer to an earlier one is ignored. */
  #joins = 0
  #hasAnswered = false
  #failures = new Map<GroupRequest, number>()
  #lastFailure: TidemarkError | undefined
  /** The assignor that the group chose for this generation. */
  #assignor: AssignorName = 'cooperative-sticky'

  constructor(options: MemberOptions, cluster: Cluster, clock: Clock, random: Random, listener: MembershipListener) {
    this.#options = options
    this.#cluster = cluster
    this.#clock = clock
    this.#random = random
    this.#listener = listener
    this.#confirmedMs = clock.monotonic()
    this.#stableMs = this.#confirmedMs
    this.#leader = new Leader(
      options,
      cluster,
      (groups) => this.#send(apis.DescribeGroups, { groups }, options.requestTimeoutMs),
      () => this.#on({ kind: 'outdated' }),
      listener,
    )
  }

  get identity(): MemberIdentity {
    const { memberId, generation } = this.#state
    return { memberId, generation: isSuspended(this.#state) ? -1 : generation, instanceId: this.#options.instanceId }
  }

  /** A JoinGroup is answered late by its nature: from its sending on, a session's silence is allowed anew. */
  get isDoubtful(): boolean {
    const { phase, joinSent } = this.#state
    const nowMs = this.#clock.monotonic()
    const isJoining = phase === 'joining' && joinSent
    const silenceMs = isJoining ? Math.max(this.#joinSentMs - this.#confirmedMs, nowMs - this.#joinSentMs) : nowMs - this.#confirmedMs
    return silenceMs > this.#options.sessionTimeoutMs || isSuspended(this.#state)
  }

  start(): void {
    const { startTimeoutMs } = this.#options
    if (startTimeoutMs !== Infinity) this.#limitStart(startTimeoutMs)
    this.#on({ kind: 'start' })
  }

  stop(): void {
    this.#on({ kind: 'stop' })
  }

  abandon(): void {
    this.#on({ kind: 'abandon' })
  }

  refused(error: ErrorName, generation: number): void {
    this.#on({ kind: 'refused', request: 'OffsetCommit', error, generation })
  }

  subscriptionChanged(): void {
    this.#on({ kind: 'outdated' })
  }

  clusterChanged(): void {
    this.#leader.clusterChanged()
  }

  close(): void {
    for (const timer of [this.#heartbeat, this.#backoff, this.#startLimit]) timer?.cancel()
    this.#leader.end()
    this.#closed.abort()
    this.#cluster.release(this)
  }

  // What the machine decides ----------------------------------------------------------------------------

  #on(event: MembershipEvent): void {
    if (this.#closed.signal.aborted) return
    const wasSuspended = isSuspended(this.#state)
    for (const action of on(this.#state, event)) this.#perform(action)
    if (wasSuspended && !isSuspended(this.#state)) this.#listener.trusted()
    this.#tellRebalancing()
    if (this.#state.phase === 'gone') this.#listener.left()
  }

  #tellRebalancing(): void {
    const { phase, owned } = this.#state
    const isRebalancing = owned.length > 0 && (phase === 'joining' || phase === 'syncing' || phase === 'waiting')
    if (isRebalancing === this.#isRebalancing) return
    this.#isRebalancing = isRebalancing
    this.#listener.rebalancing(isRebalancing)
  }

  #perform(action: MembershipAction): void {
    switch (action.kind) {
      case 'join':
        return this.#run(this.#join(action))
      case 'sync':
        this.#listener.joined(action.generation)
        return this.#run(this.#sync(action))
      case 'heartbeats':
        return this.#setHeartbeats(action.on)
      case 'backoff':
        return this.#wait(action.failures)
      case 'take':
        return this.#listener.assigned(action.partitions)
      case 'giveUp':
        return this.#run(this.#giveUp(action))
      case 'hasten':
        return this.#listener.hasten({ beginMs: this.#stableMs, timeoutMs: this.#options.rebalanceTimeoutMs })
      case 'lose':
        return this.#listener.lost(action.partitions)
      case 'leave':
        this.#leader.end()
        return this.#run(this.#leave(action.memberId))
      case 'fail':
        this.#leader.end()
        return this.#listener.failed(explainRefusal(action.error, this.#options, this.#lastFailure))
    }
  }

  /** What a task throws beyond the errors that it expects is a bug: it ends the run instead of being lost. */
  #run(task: Promise<void>): void {
    task.catch((error) => this.#listener.failed(error))
  }

  async #giveUp({ release, partitions, reason }: Extract<MembershipAction, { kind: 'giveUp' }>): Promise<void> {
    const { rebalanceTimeoutMs, shutdownTimeoutMs } = this.#options
    const nowMs = this.#clock.monotonic()
    // An eager member gives everything up because a rebalance has begun; a cooperative one, in a stable group, before
    // it begins the next.
    const beginMs = this.#state.cooperative ? nowMs : this.#stableMs
    const limit = reason === 'shutdown' ? { beginMs: nowMs, timeoutMs: shutdownTimeoutMs } : { beginMs, timeoutMs: rebalanceTimeoutMs }
    await this.#listener.giveUp(partitions, reason, limit)
    this.#on({ kind: 'released', release, partitions })
  }

  // Requests ----------------------------------------------------------------------------------------------

  async #send<A extends Api>(api: A, body: Body<A>, timeoutMs: number): Promise<Infer<A['response']>> {
    const answer = await this.#cluster.send(api, body, {
      node: { coordinator: this.#options.group },
      purpose: 'coordinator',
      owner: this,
      timeoutMs,
      signal: this.#closed.signal, // a join that left after the end would be a member that nobody is
    })
    return answer.body as Infer<A['response']>
  }

  /**
   * The coordinator confirmed the member with its answer to a request sent at `sentMs`. Called when the answer was
   * judged, not before.
   */
  #confirmed(request: GroupRequest, sentMs: number): void {
    this.#failures.delete(request)
    const wasDoubtful = this.isDoubtful
    this.#confirmedMs = Math.max(this.#confirmedMs, sentMs)
    if (wasDoubtful && !this.isDoubtful) this.#listener.trusted()
  }

  #refuse(request: GroupRequest, code: number, generation: number): void {
    const { name, text } = errorOf(code)
    const outcome = memberOutcome(name)
    if (outcome === 'moved') this.#cluster.forgetCoordinator(this.#options.group)
    if (outcome === 'moved' || outcome === 'retry') {
      this.#failing(
        request,
        new TidemarkError(name, `the coordinator of group '${this.#options.group}' refused ${request}: ${name} (${text})`),
      )
    } else this.#hasAnswered = true
    this.#on({ kind: 'refused', request, error: name, generation })
  }

  /** A request that was not answered. What no retry can fix ends the run. */
  #unanswered(request: GroupRequest, error: unknown): void {
    if (this.#closed.signal.aborted) return
    this.#cluster.forgetCoordinator(this.#options.group)
    if (!mayPass(error)) return this.#listener.failed(error)
    this.#failing(request, error)
    this.#on({ kind: 'unreachable', request })
  }

  #failing(request: GroupRequest, error: TidemarkError): void {
    this.#lastFailure = error
    const attempts = (this.#failures.get(request) ?? 0) + 1
    this.#failures.set(request, attempts)
    this.#listener.failing(request, error, attempts)
  }

  async #join({ memberId, generation }: Extract<MembershipAction, { kind: 'join' }>): Promise<void> {
    const { rebalanceTimeoutMs } = this.#options
    const join = ++this.#joins
    this.#leader.end()
    if (this.#state.owned.length > 0) await this.#commitBeforeJoin()
    if (join !== this.#joins || this.#state.phase !== 'joining') return
    const before = this.#state.generation
    // Called in the turn in which the request is written: what was lost while the coordinator was looked up is not in
    // it.
    const body = () => {
      if (join !== this.#joins || this.#state.phase !== 'joining') throw new JoinAbandoned()
      this.#on({ kind: 'joinSent' })
      this.#joinSentMs = this.#clock.monotonic()
      return joinRequest(this.#options, memberId, generation, this.#state.owned)
    }
    try {
      const answer = await this.#send(apis.JoinGroup, body, rebalanceTimeoutMs + JOIN_MARGIN_MS)
      if (join !== this.#joins) return
      if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
        this.#hasAnswered = true
        return this.#on({ kind: 'memberIdGiven', memberId: answer.memberId })
      }
      if (answer.errorCode !== 0) return this.#refuse('JoinGroup', answer.errorCode, before)
      this.#hasAnswered = true
      const assignor = assignors[answer.protocolName as AssignorName]
      if (assignor === undefined) return this.#refuse('JoinGroup', ErrorCode.INCONSISTENT_GROUP_PROTOCOL, before)
      this.#assignor = answer.protocolName as AssignorName
      const members = this.#leader.joined(answer)
      this.#on({
        kind: 'joined',
        memberId: answer.memberId,
        generation: answer.generationId,
        cooperative: assignor.cooperative,
        members,
      })
      this.#confirmed('JoinGroup', this.#joinSentMs)
    } catch (error) {
      if (error instanceof JoinAbandoned) return
      if (join === this.#joins) this.#unanswered('JoinGroup', error)
    }
  }

  /**
   * The group may choose an eager assignor, which takes partitions away without a drain: what is done by now is put
   * on record (T33).
   */
  async #commitBeforeJoin(): Promise<void> {
    const limit = new AbortController()
    const closed = (): void => limit.abort()
    this.#closed.signal.addEventListener('abort', closed, { once: true })
    try {
      // The sleep rejects when it is not needed any more.
      await Promise.race([this.#listener.commitBeforeJoin(), sleep(this.#clock, COMMIT_BEFORE_JOIN_MS, limit.signal).catch(() => {})])
    } finally {
      this.#closed.signal.removeEventListener('abort', closed)
      limit.abort()
    }
  }

  async #sync({ generation, memberId, members }: Extract<MembershipAction, { kind: 'sync' }>): Promise<void> {
    let sentMs = this.#clock.monotonic()
    try {
      const assignments = members === undefined ? [] : await this.#assign(members, generation)
      const body = () => {
        sentMs = this.#clock.monotonic()
        return syncRequest(this.#options, memberId, generation, this.#assignor, assignments)
      }
      const answer = await this.#send(apis.SyncGroup, body, this.#options.rebalanceTimeoutMs + JOIN_MARGIN_MS)
      if (this.#state.generation !== generation || this.#state.phase !== 'syncing') return
      if (answer.errorCode !== 0) return this.#refuse('SyncGroup', answer.errorCode, generation)
      this.#stableMs = sentMs
      this.#on({ kind: 'synced', partitions: this.#assignmentIn(answer.assignment) })
      this.#confirmed('SyncGroup', sentMs)
      if (this.isDoubtful) void this.#beat() // the rebalance took longer than a session: is the coordinator still with us?
      this.#leader.synced(() => this.#state.generation === generation)
    } catch (error) {
      const isCurrent = this.#state.generation === generation && this.#state.phase === 'syncing'
      if (isCurrent) this.#unanswered('SyncGroup', error)
    }
  }

  #assignmentIn(bytes: Uint8Array): TopicPartition[] {
    try {
      return decodeAssignment(bytes)
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause
      const text = `the leader of group '${this.#options.group}' sent an assignment that cannot be read: ${cause.message}`
      throw new TidemarkError('PROTOCOL_ERROR', text, { cause })
    }
  }

  async #assign(members: readonly MemberSubscription[], generation: number) {
    const isCurrent = (): boolean => this.#state.phase === 'syncing' && this.#state.generation === generation
    return await this.#leader.assign(this.#assignor, members, isCurrent)
  }

  #setHeartbeats(wanted: boolean): void {
    this.#heartbeat?.cancel()
    this.#heartbeat = undefined
    if (wanted) this.#heartbeat = this.#clock.schedule(this.#options.heartbeatIntervalMs, () => void this.#beat())
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return
    this.#isBeating = true
    const { group, instanceId, sessionTimeoutMs } = this.#options
    const { memberId, generation } = this.#state
    let sentMs = this.#clock.monotonic()
    try {
      // Called when it is written: before that the coordinator may have been looked up for long.
      const body = () => {
        sentMs = this.#clock.monotonic()
        return { groupId: group, generationId: generation, memberId, groupInstanceId: instanceId ?? null }
      }
      const { errorCode } = await this.#send(apis.Heartbeat, body, sessionTimeoutMs)
      if (errorCode === 0) {
        if (generation === this.#state.generation) this.#stableMs = Math.max(this.#stableMs, sentMs)
        this.#on({ kind: 'beaten' })
      } else this.#refuse('Heartbeat', errorCode, generation)
      // Only an answer of the group itself is a sign of life: a broker that does not coordinate it knows nothing of
      // its members.
      if (errorCode === 0 || errorCode === ErrorCode.REBALANCE_IN_PROGRESS) this.#confirmed('Heartbeat', sentMs)
    } catch (error) {
      this.#unanswered('Heartbeat', error)
    } finally {
      this.#isBeating = false
    }
    if (this.#state.phase === 'stable' || this.#state.phase === 'releasing') this.#setHeartbeats(!this.#closed.signal.aborted)
  }

  #wait(failures: number): void {
    this.#backoff?.cancel()
    this.#backoff = this.#clock.schedule(backoffMs(this.#random, BACKOFF, failures), () => this.#on({ kind: 'backoffPassed' }))
  }

  async #leave(memberId: string): Promise<void> {
    const { group, instanceId, requestTimeoutMs } = this.#options
    // A static member stays on the list: that is what the name is for. Its session expires if it does not come back.
    if (instanceId === undefined) {
      const limit = new AbortController()
      const timer = this.#clock.schedule(LEAVE_MS_MAX, () => limit.abort())
      const to = {
        node: { coordinator: group },
        purpose: 'coordinator',
        owner: this,
        timeoutMs: requestTimeoutMs,
        signal: limit.signal,
      } as const
      try {
        await this.#cluster.send(apis.LeaveGroup, leaveRequest(group, memberId), to)
      } catch (error) {
        if (!(error instanceof TidemarkError)) throw error
        const text = `the member could not leave: its partitions stay without an owner until its session ends (${error.message})`
        this.#listener.warning('leave failed', text)
      } finally {
        timer.cancel()
      }
    }
    this.#on({ kind: 'left' })
  }

  // Before the first answer -------------------------------------------------------------------------------

  #limitStart(delayMs: number): void {
    this.#startLimit = this.#clock.schedule(delayMs, () => {
      this.#startLimit = undefined
      if (this.#hasAnswered) return
      // The coordinator has the JoinGroup and waits for the other members: nothing has failed.
      if (this.#state.joinSent && this.#state.phase === 'joining') return this.#limitStart(START_CHECK_MS)
      const { group, startTimeoutMs } = this.#options
      const why = this.#lastFailure === undefined ? 'nothing has answered' : this.#lastFailure.message
      const text = `group '${group}' could not be joined within ${startTimeoutMs} ms (startTimeoutMs): ${why}`
      this.#listener.failed(new TidemarkError('UNREACHABLE', text, { cause: this.#lastFailure }))
    })
  }
}
