/** A coordinator of groups on a log, a clock and checkpoints that the test holds in its hand. */
import { takeCheckpoint } from '../state/group/checkpoint.ts'
import { heartbeat } from '../state/group/heartbeat.ts'
import { join } from '../state/group/join.ts'
import type { CoordinatorRecord } from '../state/group/records.ts'
import { type JoinReply, joinError, type SyncReply, syncError } from '../state/group/replies.ts'
import { limits } from '../state/group/scenario.case.ts'
import type { Shard } from '../state/group/shard.ts'
import { sync } from '../state/group/sync.ts'
import type { GroupTimer, Turn } from '../state/group/turn.ts'
import { type CommitReply, commit } from '../state/offsets/commit.ts'
import { fetchOffsets } from '../state/offsets/fetch.ts'
import { forgetTopics } from '../state/offsets/forget.ts'
import { Coordinator } from './coordinator.ts'
import { groupMachine } from './group-machine.ts'
import { loadFold } from './load.ts'
import { ManualClock, settle, TestCheckpoints, TestLog } from './rig.case.ts'
import { Timers } from './timers.ts'

const ZERO = '0'.repeat(32)
export const never = new AbortController().signal
const LATE_MS = 50

const machine = groupMachine(limits, () => true)

export class Rig {
  readonly clock = new ManualClock()
  readonly timers = new Timers(this.clock, LATE_MS)
  readonly log: TestLog
  readonly checkpoints: TestCheckpoints
  readonly coordinator: Coordinator<Shard, CoordinatorRecord, GroupTimer, Turn>
  readonly bugs: unknown[] = []

  constructor(
    log = new TestLog(),
    checkpoints: TestCheckpoints | undefined = new TestCheckpoints(),
    checkpointIntervalRecords = 1000,
    isInMemory = false,
  ) {
    this.log = log
    this.checkpoints = checkpoints
    const { clock, timers } = this
    this.coordinator = new Coordinator(
      { machine, clock, timers, checkpointIntervalRecords, onBug: (error) => this.bugs.push(error) },
      isInMemory ? undefined : checkpoints,
    )
  }

  forgetTopic(name: string): void {
    this.coordinator.sweep((shard, groupId, turn) => forgetTopics(shard, groupId, (topic) => topic === name, turn.decision))
  }

  begin(): this {
    this.coordinator.begin(this.log)
    return this
  }

  commit(groupId: string, offset: number, topic = 'orders', partition = 0) {
    const entries = [{ topic, topicId: ZERO, partition, offset, leaderEpoch: -1, metadata: null, commitTimestamp: -1 }]
    const who = { generationId: -1, memberId: '', groupInstanceId: null, retentionTimeMs: -1, knowsGroupIdNotFound: true }
    return this.coordinator.request<CommitReply>(
      groupId,
      (shard, ticket, turn) => commit(shard, { groupId, ...who, entries }, ticket, turn),
      (errorCode) => [errorCode],
      never,
    )
  }

  committed(groupId: string, topic = 'orders') {
    return this.coordinator.read(
      (shard) => fetchOffsets(shard, groupId, [{ name: topic, topicId: ZERO, partitions: [0] }])[0]!.partitions[0]!.offset,
      (errorCode) => -1000 - errorCode,
    )
  }

  join(groupId: string, memberId: string, signal = never) {
    const request = {
      groupId,
      memberId: '',
      newMemberId: memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('m') }],
      sessionTimeoutMs: 1000,
      rebalanceTimeoutMs: 5000,
      clientId: 'c',
      clientHost: '/127.0.0.1',
      needsMemberId: false,
      canSkipAssignment: false,
    }
    return this.coordinator.request<JoinReply>(
      groupId,
      (shard, ticket, turn) => join(shard, request, ticket, turn),
      (errorCode) => joinError(errorCode, ''),
      signal,
    )
  }

  sync(groupId: string, memberId: string, generationId: number, assignment: string) {
    const assignments = [{ memberId, assignment: Buffer.from(assignment) }]
    const request = { groupId, generationId, memberId, groupInstanceId: null, protocolType: null, protocolName: null, assignments }
    return this.coordinator.request<SyncReply>(groupId, (shard, ticket, turn) => sync(shard, request, ticket, turn), syncError, never)
  }

  heartbeat(groupId: string, memberId: string, generationId: number) {
    const request = { groupId, memberId, generationId, groupInstanceId: null }
    return this.coordinator.request<number>(
      groupId,
      (shard, ticket, turn) => heartbeat(shard, request, ticket, turn),
      (errorCode) => errorCode,
      never,
    )
  }
}

/** What is in the log, folded, after this checkpoint or from the beginning: as text that can be compared. */
export const stateOf = async (log: TestLog, checkpoint?: Buffer): Promise<string> => {
  const clock = new ManualClock()
  const loading = loadFold(machine, log, checkpoint, () => new Promise((resolve) => clock.afterTurn(() => resolve(true))))
  await settle(clock)
  const { state, lastCrc } = (await loading)!
  return takeCheckpoint(state, { reaches: log.end, lastCrc }).toString('hex')
}

/** What a checkpoint holds that was taken after the first batches of the log. */
export const checkpointAt = async (log: TestLog, batches: number): Promise<Buffer> => Buffer.from(await stateOf(log.cut(batches)), 'hex')
