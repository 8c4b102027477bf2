/**
 * The group coordinator: finds the partition of a group, and lets its Coordinator answer.
 *
 * Partitions that were written before are read back in the background, a few at a time; requests for their groups are
 * answered COORDINATOR_LOAD_IN_PROGRESS meanwhile. All others begin when they are first needed, and cost no file before they
 * have something to write.
 */
import type { Now, Platform } from '@tidemark/platform'
import { ErrorCode, partitionOfGroup } from '@tidemark/protocol'
import { after, allOf, isLater } from '../../now.ts'
import type { BrokerOptions } from '../../options.ts'
import { type DescribedGroup, describe, type ListedGroup, type ListFilter, list } from '../../state/group/describe.ts'
import { type HeartbeatRequest, heartbeat } from '../../state/group/heartbeat.ts'
import { type JoinRequest, join } from '../../state/group/join.ts'
import { type LeaveRequest, leave } from '../../state/group/leave.ts'
import { type JoinReply, joinError, type LeaveReply, leaveError, type SyncReply, syncError } from '../../state/group/replies.ts'
import { type SyncRequest, sync } from '../../state/group/sync.ts'
import type { GroupLimits } from '../../state/group/turn.ts'
import { type CommitReply, type CommitRequest, commit, commitError } from '../../state/offsets/commit.ts'
import { type FetchedTopic, type FetchTopic, fetchOffsets } from '../../state/offsets/fetch.ts'
import { OFFSETS_TOPIC } from '../../state/topics/names.ts'
import { tell } from '../diagnostics.ts'
import type { InternalLog } from '../internal-log.ts'
import type { Partitions } from '../partitions.ts'
import { Timers } from '../timers.ts'
import type { Topics } from '../topics.ts'
import { Coordinator, type CoordinatorParts, type Decide, type ErrorReply } from './coordinator.ts'

export interface GroupsParts {
  readonly options: BrokerOptions
  readonly platform: Platform
  readonly topics: Topics
  readonly partitions: Partitions
}

/** `offsets.retention.check.interval.ms` */
const RETENTION_CHECK_INTERVAL_MS = 10 * 60 * 1000
const RETENTION_TIMER = 'retention'
/** Partitions that are read back at once: while one waits for the disk, another is decoded. */
const LOADED_TOGETHER = 4

export interface FetchedGroup {
  readonly errorCode: number
  readonly topics: readonly FetchedTopic[]
}

export interface ListedGroups {
  readonly errorCode: number
  readonly groups: readonly ListedGroup[]
}

/** `undefined` where a reply stands: the request's `signal` aborted before there was one. */
export class Groups {
  readonly #options: BrokerOptions
  readonly #platform: Platform
  readonly #partitions: Partitions
  readonly #timers: Timers
  readonly #parts: CoordinatorParts
  /** By partition. A promise while its log is being opened for the first time. */
  readonly #coordinators = new Map<number, Now<Coordinator>>()
  #closed = false

  constructor({ options, platform, topics, partitions }: GroupsParts) {
    this.#options = options
    this.#platform = platform
    this.#partitions = partitions
    this.#timers = new Timers(platform.clock, options.timerLateMs)
    this.#parts = {
      clock: platform.clock,
      timers: this.#timers,
      limits: limitsOf(options),
      checkpointIntervalRecords: options.checkpointIntervalRecords,
      mayCreateGroup: () => this.#groupCount() < options.groupsMax,
      topicExists: (name) => topics.byName(name) !== undefined,
      onBug: (error) => tell({ kind: 'bug', where: 'the group coordinator', error }),
    }
    topics.onDeleted(({ name }) => {
      for (const coordinator of this.#ready()) coordinator.forgetTopic(name)
    })
  }

  /** Begins to read back what was written before. Resolves when all of it is there; nobody has to wait for that. */
  start(): Promise<void> {
    this.#checkRetention()
    const used = this.#partitions.usedPartitions(OFFSETS_TOPIC)
    const loading = used.map((partition) => ({ partition, coordinator: this.#make(partition) }))
    for (const { partition, coordinator } of loading) this.#coordinators.set(partition, coordinator)
    return this.#loadAll(loading)
  }

  #checkRetention(): void {
    this.#timers.set(RETENTION_TIMER, this.#platform.clock.monotonic() + RETENTION_CHECK_INTERVAL_MS, () => {
      for (const coordinator of this.#ready()) coordinator.forgetExpired(this.#options.offsetsRetentionMs)
      this.#checkRetention()
    })
  }

  async #loadAll(loading: readonly { readonly partition: number; readonly coordinator: Coordinator }[]): Promise<void> {
    const left = loading.values()
    const loadSome = async (): Promise<void> => {
      for (const { partition, coordinator } of left) {
        if (this.#closed) return
        await this.#load(partition, coordinator, () => this.#partitions.internalLog(OFFSETS_TOPIC, partition))
      }
    }
    await Promise.all(Array.from({ length: LOADED_TOGETHER }, loadSome))
  }

  async #load(partition: number, coordinator: Coordinator, open: () => Now<InternalLog>): Promise<void> {
    try {
      await coordinator.load(open)
    } catch (error) {
      tell({ kind: 'bug', where: `reading back partition ${partition} of ${OFFSETS_TOPIC}`, error })
    }
  }

  /** Answers nothing any more and leaves no timer: all that is left to do after a failure of the disk. */
  stop(): void {
    this.#closed = true
    this.#timers.clear()
    for (const coordinator of this.#ready()) coordinator.stop()
  }

  /** Stops and saves all, so that the next start reads no log. Parked requests end with their connections. */
  async close(): Promise<void> {
    const closing = Array.from(this.#ready(), (coordinator) => coordinator.close())
    this.stop()
    await Promise.all(closing)
  }

  /** `newMemberId` is made here: chance is no matter of the state machine. */
  join(request: Omit<JoinRequest, 'newMemberId'>, signal: AbortSignal): Now<JoinReply | undefined> {
    const onError = (errorCode: number): JoinReply => joinError(errorCode, request.memberId)
    if (request.groupId === '') return onError(ErrorCode.INVALID_GROUP_ID)
    const newMemberId = request.memberId === '' ? this.#newMemberId(request.groupInstanceId ?? request.clientId) : ''
    const decide: Decide<JoinReply> = (shard, ticket, turn) => join(shard, { ...request, newMemberId }, ticket, turn)
    return this.#request(request.groupId, decide, onError, signal)
  }

  sync(request: SyncRequest, signal: AbortSignal): Now<SyncReply | undefined> {
    if (request.groupId === '') return syncError(ErrorCode.INVALID_GROUP_ID)
    return this.#request(request.groupId, (shard, ticket, turn) => sync(shard, request, ticket, turn), syncError, signal)
  }

  /** The error code. A group that is being read back may be as its member believes: NONE. */
  heartbeat(request: HeartbeatRequest, signal: AbortSignal): Now<number | undefined> {
    if (request.groupId === '') return ErrorCode.INVALID_GROUP_ID
    const onError = (errorCode: number): number => (errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? ErrorCode.NONE : errorCode)
    return this.#request(request.groupId, (shard, ticket, turn) => heartbeat(shard, request, ticket, turn), onError, signal)
  }

  leave(request: LeaveRequest, signal: AbortSignal): Now<LeaveReply | undefined> {
    if (request.groupId === '') return leaveError(ErrorCode.INVALID_GROUP_ID)
    return this.#request(request.groupId, (shard, ticket, turn) => leave(shard, request, ticket, turn), leaveError, signal)
  }

  /** One error code for each entry. */
  commit(request: CommitRequest, signal: AbortSignal): Now<CommitReply | undefined> {
    const onError = (errorCode: number): CommitReply => commitError(request, errorCode)
    return this.#request(request.groupId, (shard, ticket, turn) => commit(shard, request, ticket, turn), onError, signal)
  }

  /** `topics` null: all that are committed. */
  fetchOffsets(groupId: string, topics: readonly FetchTopic[] | null): Now<FetchedGroup> {
    return this.#read<FetchedGroup>(
      groupId,
      (shard) => ({ errorCode: ErrorCode.NONE, topics: fetchOffsets(shard, groupId, topics) }),
      (errorCode) => ({ errorCode, topics: [] }),
    )
  }

  /** Undefined: no such group. A number: the error code. */
  describe(groupId: string): Now<DescribedGroup | number | undefined> {
    return this.#read<DescribedGroup | number | undefined>(
      groupId,
      (shard) => describe(shard, groupId),
      (errorCode) => errorCode,
    )
  }

  list(filter: ListFilter): Now<ListedGroups> {
    const ready = [...this.#ready()]
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

  #request<T>(groupId: string, decide: Decide<T>, onError: ErrorReply<T>, signal: AbortSignal): Now<T | undefined> {
    return this.#with<T | undefined>(groupId, (coordinator) => coordinator.request(decide, onError, signal), onError)
  }

  #read<T>(groupId: string, look: Parameters<typeof Coordinator.prototype.read<T>>[0], onError: ErrorReply<T>): Now<T> {
    return this.#with(groupId, (coordinator) => coordinator.read(look, onError), onError)
  }

  #with<T>(groupId: string, use: (coordinator: Coordinator) => Now<T>, onError: ErrorReply<T>): Now<T> {
    if (this.#closed) return onError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    const partition = partitionOfGroup(groupId, this.#options.offsetsPartitions)
    let coordinator: Now<Coordinator>
    try {
      coordinator = this.#coordinators.get(partition) ?? this.#begin(partition)
    } catch {
      return onError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    }
    if (!isLater(coordinator)) return use(coordinator)
    return coordinator.then(use, () => onError(ErrorCode.COORDINATOR_NOT_AVAILABLE))
  }

  /** The first request for a partition. Throws, or rejects, if its log cannot be opened; the next request tries again. */
  #begin(partition: number): Now<Coordinator> {
    const begun = after(this.#partitions.internalLog(OFFSETS_TOPIC, partition), (log) => {
      const coordinator = this.#make(partition)
      if (log.end === 0) coordinator.begin(log)
      else void this.#load(partition, coordinator, () => log)
      this.#coordinators.set(partition, coordinator)
      return coordinator
    })
    if (!isLater(begun)) return begun
    this.#coordinators.set(partition, begun)
    begun.catch(() => this.#coordinators.delete(partition))
    return begun
  }

  #make(partition: number): Coordinator {
    return new Coordinator(this.#parts, this.#partitions.checkpointStore(OFFSETS_TOPIC, partition))
  }

  *#ready(): Generator<Coordinator> {
    for (const coordinator of this.#coordinators.values()) if (!isLater(coordinator)) yield coordinator
  }

  #groupCount(): number {
    let count = 0
    for (const coordinator of this.#ready()) count += coordinator.groupCount
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
