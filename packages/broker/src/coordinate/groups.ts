/**
 * The group coordinator: the state machine of groups and committed offsets on the coordinator runtime, and what
 * handlers ask of it.
 */
import type { Now, Platform } from '@tidemark/platform'
import { ErrorCode, partitionOfGroup, ZERO_UUID } from '@tidemark/protocol'
import type { Topics } from '../metadata/topics.ts'
import { after, allOf } from '../now.ts'
import type { BrokerOptions } from '../options.ts'
import type { Partitions } from '../partition/partitions.ts'
import { deleteGroup } from '../state/group/delete.ts'
import { type DescribedGroup, describe, type ListedGroup, type ListFilter, list } from '../state/group/describe.ts'
import { type HeartbeatRequest, heartbeat } from '../state/group/heartbeat.ts'
import { type JoinRequest, join } from '../state/group/join.ts'
import { type LeaveRequest, leave } from '../state/group/leave.ts'
import type { CoordinatorRecord } from '../state/group/records.ts'
import { type JoinReply, joinError, type LeaveReply, leaveError, type SyncReply, syncError } from '../state/group/replies.ts'
import type { Shard } from '../state/group/shard.ts'
import { type SyncRequest, sync } from '../state/group/sync.ts'
import type { GroupLimits, GroupTimer, Turn } from '../state/group/turn.ts'
import { type CommitReply, type CommitRequest, commit, commitError } from '../state/offsets/commit.ts'
import { deleteOffsets, type OffsetDeleteReply, type OffsetDeleteRequest, offsetDeleteError } from '../state/offsets/delete.ts'
import { type FetchedTopic, type FetchTopic, fetchOffsets } from '../state/offsets/fetch.ts'
import { forgetTopics } from '../state/offsets/forget.ts'
import { forgetExpired } from '../state/offsets/retention.ts'
import { OFFSETS_TOPIC } from '../state/topics/names.ts'
import { groupMachine } from './group-machine.ts'
import { CoordinatorRuntime } from './runtime.ts'

export interface GroupsParts {
  readonly options: BrokerOptions
  readonly platform: Platform
  readonly topics: Topics
  readonly partitions: Partitions
}

/** `offsets.retention.check.interval.ms` */
const RETENTION_CHECK_INTERVAL_MS = 10 * 60 * 1000
const RETENTION_TIMER = 'retention'

export interface FetchedGroup {
  readonly errorCode: number
  readonly topics: readonly FetchedTopic[]
}

export interface ListedGroups {
  readonly errorCode: number
  readonly groups: readonly ListedGroup[]
}

/** A reply of `undefined`: the request's `signal` aborted first. */
export class Groups {
  readonly #options: BrokerOptions
  readonly #platform: Platform
  readonly #runtime: CoordinatorRuntime<Shard, CoordinatorRecord, GroupTimer, Turn>

  constructor({ options, platform, topics, partitions }: GroupsParts) {
    this.#options = options
    this.#platform = platform
    const idsAtStart = new Map(Array.from(topics.all(), ({ name, id }) => [name, id]))
    /**
     * What is read back was committed before this start: not for a topic that was created since, nor for one that had
     * the name before.
     */
    const isGone = (name: string, committedFor: string): boolean => {
      const id = topics.byName(name)?.id
      return id === undefined || id !== idsAtStart.get(name) || (committedFor !== ZERO_UUID && committedFor !== id)
    }
    this.#runtime = new CoordinatorRuntime({
      what: 'group',
      machine: groupMachine(limitsOf(options), () => this.#groupCount() < options.groupsMax),
      topic: partitions.internalTopic(OFFSETS_TOPIC),
      partitionOf: (groupId) => partitionOfGroup(groupId, options.offsetsPartitions),
      clock: platform.clock,
      timerLateMs: options.timerLateMs,
      checkpointIntervalRecords: options.checkpointIntervalRecords,
      // A crash may have come between the deletion of a topic and that of its offsets; and a topic may be deleted
      // while they are read back.
      onLoaded: (coordinator) => coordinator.sweep((shard, groupId, turn) => forgetTopics(shard, groupId, isGone, turn.decision)),
    })
    topics.onDeleted(({ name }) =>
      this.#runtime.sweep((shard, groupId, turn) => forgetTopics(shard, groupId, (topic) => topic === name, turn.decision)),
    )
  }

  /**
   * Begins to read back what was written before. Resolves when all of it is read; no request has to wait for that.
   */
  start(): Promise<void> {
    this.#checkRetention()
    return this.#runtime.start()
  }

  #checkRetention(): void {
    const { offsetsRetentionMs } = this.#options
    this.#runtime.timers.set(RETENTION_TIMER, this.#platform.clock.monotonic() + RETENTION_CHECK_INTERVAL_MS, () => {
      this.#runtime.sweep((shard, groupId, turn) => forgetExpired(shard, groupId, offsetsRetentionMs, turn))
      this.#checkRetention()
    })
  }

  /** Answers nothing any more and leaves no timer: all that is left to do after a failure of the disk. */
  stop(): void {
    this.#runtime.stop()
  }

  /** Stops and saves all, so that the next start reads no log. Parked requests end with their connections. */
  close(): Promise<void> {
    return this.#runtime.close()
  }

  /** `newMemberId` is made here: the state machine knows no chance. */
  join(request: Omit<JoinRequest, 'newMemberId'>, signal: AbortSignal): Now<JoinReply | undefined> {
    const onError = (errorCode: number): JoinReply => joinError(errorCode, request.memberId)
    if (request.groupId === '') return onError(ErrorCode.INVALID_GROUP_ID)
    const newMemberId = request.memberId === '' ? this.#newMemberId(request.groupInstanceId ?? request.clientId) : ''
    return this.#runtime.request(
      request.groupId,
      (shard, ticket, turn) => join(shard, { ...request, newMemberId }, ticket, turn),
      onError,
      signal,
    )
  }

  sync(request: SyncRequest, signal: AbortSignal): Now<SyncReply | undefined> {
    if (request.groupId === '') return syncError(ErrorCode.INVALID_GROUP_ID)
    return this.#runtime.request(request.groupId, (shard, ticket, turn) => sync(shard, request, ticket, turn), syncError, signal)
  }

  /** The error code. A group that is being read back may be as its member believes: NONE. */
  heartbeat(request: HeartbeatRequest, signal: AbortSignal): Now<number | undefined> {
    if (request.groupId === '') return ErrorCode.INVALID_GROUP_ID
    const onError = (errorCode: number): number => (errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : errorCode)
    return this.#runtime.request(request.groupId, (shard, ticket, turn) => heartbeat(shard, request, ticket, turn), onError, signal)
  }

  leave(request: LeaveRequest, signal: AbortSignal): Now<LeaveReply | undefined> {
    if (request.groupId === '') return leaveError(ErrorCode.INVALID_GROUP_ID)
    return this.#runtime.request(request.groupId, (shard, ticket, turn) => leave(shard, request, ticket, turn), leaveError, signal)
  }

  /** One error code for each entry. */
  commit(request: CommitRequest, signal: AbortSignal): Now<CommitReply | undefined> {
    const onError = (errorCode: number): CommitReply => commitError(request, errorCode)
    return this.#runtime.request(request.groupId, (shard, ticket, turn) => commit(shard, request, ticket, turn), onError, signal)
  }

  /** The error code. */
  delete(groupId: string, signal: AbortSignal): Now<number | undefined> {
    if (groupId === '') return ErrorCode.INVALID_GROUP_ID
    const onError = (errorCode: number): number => errorCode
    return this.#runtime.request(groupId, (shard, ticket, turn) => deleteGroup(shard, groupId, ticket, turn), onError, signal)
  }

  deleteOffsets(request: OffsetDeleteRequest, signal: AbortSignal): Now<OffsetDeleteReply | undefined> {
    if (request.groupId === '') return offsetDeleteError(ErrorCode.INVALID_GROUP_ID)
    return this.#runtime.request(
      request.groupId,
      (shard, ticket, turn) => deleteOffsets(shard, request, ticket, turn),
      offsetDeleteError,
      signal,
    )
  }

  /** `topics` null: all that are committed. */
  fetchOffsets(groupId: string, topics: readonly FetchTopic[] | null): Now<FetchedGroup> {
    return this.#runtime.read<FetchedGroup>(
      groupId,
      (shard) => ({ errorCode: ErrorCode.NONE, topics: fetchOffsets(shard, groupId, topics) }),
      (errorCode) => ({ errorCode, topics: [] }),
    )
  }

  /** Undefined: no such group. A number: the error code. */
  describe(groupId: string): Now<DescribedGroup | number | undefined> {
    return this.#runtime.read<DescribedGroup | number | undefined>(
      groupId,
      (shard) => describe(shard, groupId),
      (errorCode) => errorCode,
    )
  }

  list(filter: ListFilter): Now<ListedGroups> {
    const ready = [...this.#runtime.ready()]
    const broken = ready.find(({ unavailable }) => unavailable !== ErrorCode.NONE)
    if (broken !== undefined) return { errorCode: broken.unavailable, groups: [] }
    const lists = ready.map((coordinator) =>
      coordinator.read<ListedGroups>(
        (shard) => ({ errorCode: ErrorCode.NONE, groups: list(shard, filter) }),
        (errorCode) => ({ errorCode, groups: [] }),
      ),
    )
    return after(allOf(lists), (all) => ({
      errorCode: all.find(({ errorCode }) => errorCode !== ErrorCode.NONE)?.errorCode ?? ErrorCode.NONE,
      groups: all.flatMap(({ groups }) => groups),
    }))
  }

  #newMemberId(prefix: string): string {
    const uuid = this.#platform.random.uuid()
    const dashed = [uuid.slice(0, 8), uuid.slice(8, 12), uuid.slice(12, 16), uuid.slice(16, 20), uuid.slice(20)].join('-')
    return `${prefix}-${dashed}`
  }

  #groupCount(): number {
    let count = 0
    for (const { state } of this.#runtime.ready()) count += state.groups.size
    return count
  }
}

const limitsOf = (options: BrokerOptions): GroupLimits => ({
  initialRebalanceDelayMs: options.groupInitialRebalanceDelayMs,
  sessionTimeoutMinMs: options.groupSessionTimeoutMinMs,
  sessionTimeoutMaxMs: options.groupSessionTimeoutMaxMs,
  sizeMax: options.groupMaxSize,
  pendingMembersMax: Math.min(options.groupMaxSize, options.groupPendingMembersMax),
  metadataBytesMax: options.messageBytesMax,
  recordBytesMax: options.frameBytesMax,
  offsetMetadataCharsMax: options.offsetMetadataCharsMax,
})
