import { TidemarkError } from '@tidemark/platform'
import { batchesIn, crc32c, ErrorCode, RecordCursor } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { SWEPT_RECORDS_MAX } from '../state/decision.ts'
import { takeCheckpoint } from '../state/group/checkpoint.ts'
import { heartbeat } from '../state/group/heartbeat.ts'
import { join } from '../state/group/join.ts'
import type { CoordinatorRecord } from '../state/group/records.ts'
import { type JoinReply, joinError, type SyncReply, syncError } from '../state/group/replies.ts'
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
const gone = new TidemarkError('STORAGE_FAILED', 'the disk is gone')
const never = new AbortController().signal
const LATE_MS = 50

const machine = groupMachine(
  {
    initialRebalanceDelayMs: 0,
    sessionTimeoutMinMs: 10,
    sessionTimeoutMaxMs: 1_800_000,
    sizeMax: 100,
    pendingMembersMax: 100,
    metadataBytesMax: 10_000,
    recordBytesMax: 100_000,
    offsetMetadataCharsMax: 4096,
  },
  () => true,
)

class Rig {
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

const stateOf = async (log: TestLog, checkpoint?: Buffer): Promise<string> => {
  const clock = new ManualClock()
  const loading = loadFold(machine, log, checkpoint, () => new Promise((resolve) => clock.afterTurn(() => resolve(true))))
  await settle(clock)
  const { state, lastCrc } = (await loading)!
  return takeCheckpoint(state, { reaches: log.end, lastCrc }).toString('hex')
}

describe('replies and the log', () => {
  it('when an append finishes within the call, so does the reply', () => {
    const rig = new Rig().begin()
    expect(rig.commit('g', 1)).toEqual([ErrorCode.NONE])
    expect(rig.committed('g')).toBe(1)
  })

  it('a reply waits until its records are durable, and replies leave in the order of the log', async () => {
    const rig = new Rig().begin()
    rig.log.slow = true
    const order: string[] = []
    for (const group of ['a', 'b', 'c']) void Promise.resolve(rig.commit(group, 1)).then(() => order.push(group))
    await settle(rig.clock)
    expect(order).toEqual([])
    rig.log.finish()
    rig.log.finish()
    await settle(rig.clock)
    rig.log.finish()
    await settle(rig.clock)
    expect(order).toEqual(['a', 'b', 'c'])
  })

  it('an OffsetFetch does not show a commit before it is durable', async () => {
    const rig = new Rig().begin()
    rig.log.slow = true
    void rig.commit('g', 7)
    const seen: number[] = []
    void Promise.resolve(rig.committed('g')).then((offset) => seen.push(offset))
    await settle(rig.clock)
    expect(seen).toEqual([])
    rig.log.finish()
    await settle(rig.clock)
    expect(seen).toEqual([7])
    expect(rig.committed('g')).toBe(7)
  })

  it('no member is told that the group is stable before its assignment is durable', async () => {
    const rig = new Rig().begin()
    const joined = rig.join('g', 'm')
    rig.clock.advance(0)
    expect((await joined)?.generationId).toBe(1)
    rig.log.slow = true
    const told: string[] = []
    void Promise.resolve(rig.sync('g', 'm', 1, 'all')).then(() => told.push('sync'))
    void Promise.resolve(rig.heartbeat('g', 'm', 1)).then(() => told.push('heartbeat'))
    await settle(rig.clock)
    expect(told).toEqual([])
    rig.log.finish()
    await settle(rig.clock)
    expect(told).toEqual(['sync', 'heartbeat'])
  })

  it('an append that throws changes no offset, is answered COORDINATOR_NOT_AVAILABLE, and the next one may succeed', () => {
    const rig = new Rig().begin()
    rig.commit('g', 1)
    rig.log.broken = gone
    expect(rig.commit('g', 2)).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE])
    expect(rig.committed('g')).toBe(1)
    rig.log.broken = undefined
    expect(rig.commit('g', 3)).toEqual([ErrorCode.NONE])
    expect(rig.committed('g')).toBe(3)
  })

  it('memory that is full is told with an error after which no client tries again', () => {
    const rig = new Rig().begin()
    rig.log.broken = new TidemarkError('MEMORY_FULL', 'the memory is full')
    expect(rig.commit('g', 2)).toEqual([ErrorCode.POLICY_VIOLATION])
    expect(rig.committed('g')).toBe(-1)
  })

  it('a group whose name no record can hold is INVALID_REQUEST, and nothing of it is written', () => {
    const rig = new Rig().begin()
    expect(rig.commit('x'.repeat(32_768), 1)).toEqual([ErrorCode.INVALID_REQUEST])
    expect(rig.log.end).toBe(0)
    expect(rig.commit('x'.repeat(32_767), 1)).toEqual([ErrorCode.NONE])
  })

  it('an append that fails later is answered COORDINATOR_NOT_AVAILABLE, and nothing that saw it is shown', async () => {
    const rig = new Rig().begin()
    rig.log.slow = true
    const committed = rig.commit('g', 1)
    const fetched = rig.committed('g')
    rig.log.finish(gone)
    expect(await committed).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE])
    expect(await fetched).toBe(-1000 - ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(await rig.committed('g')).toBe(-1000 - ErrorCode.COORDINATOR_NOT_AVAILABLE)
  })

  it('a parked request whose connection is gone ends without an answer', async () => {
    const rig = new Rig().begin()
    const connection = new AbortController()
    const parked = rig.join('g', 'm', connection.signal)
    connection.abort()
    expect(await parked).toBeUndefined()
  })
})

describe('a decision that throws', () => {
  const thrower = (rig: Rig, groupId: string, spoil: (shard: Shard) => void = () => {}) =>
    rig.coordinator.request<number>(
      groupId,
      (shard, _ticket, turn) => {
        spoil(shard)
        turn.decision.write({ kind: 'group', groupId, value: null })
        throw new Error('a group may not go from Empty to Stable')
      },
      (errorCode) => errorCode,
      never,
    )

  /** A Stable group of one member, `m`, in generation 1, which has committed 5. */
  async function stableGroup(rig: Rig, groupId: string): Promise<void> {
    rig.commit(groupId, 5)
    const joined = rig.join(groupId, 'm')
    rig.clock.advance(0)
    await joined
    rig.sync(groupId, 'm', 1, 'all')
  }

  it('fails its request, and is reported; nothing that it decided is written', async () => {
    const rig = new Rig().begin()
    await stableGroup(rig, 'g')
    const { end } = rig.log
    expect(thrower(rig, 'g')).toBe(ErrorCode.UNKNOWN_SERVER_ERROR)
    expect(rig.bugs).toMatchObject([{ message: 'a group may not go from Empty to Stable' }])
    expect(rig.log.end).toBe(end)
  })

  it('leaves its group as it was last written: members stay, and have to be heard again within their sessions', async () => {
    const rig = new Rig().begin()
    await stableGroup(rig, 'g')
    thrower(rig, 'g', (shard) => {
      const group = shard.groups.get('g')!
      group.remove('m')
      group.generation = 7
    })
    expect(rig.heartbeat('g', 'm', 1)).toBe(ErrorCode.NONE)
    expect(rig.committed('g')).toBe(5)
    rig.clock.advance(1000)
    expect(rig.heartbeat('g', 'm', 1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('sends the waiting requests of its group to look for their coordinator, and no others', async () => {
    const rig = new Rig().begin()
    const parked = rig.join('g', 'm')
    const other = rig.join('other', 'n')
    thrower(rig, 'g')
    expect((await parked)?.errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    rig.clock.advance(0)
    expect((await other)?.errorCode).toBe(ErrorCode.NONE)
  })

  it('concerns no other group of the partition, and its own group goes on', async () => {
    const rig = new Rig().begin()
    await stableGroup(rig, 'other')
    thrower(rig, 'g', (shard) => shard.groups.delete('g'))
    expect(rig.heartbeat('other', 'm', 1)).toBe(ErrorCode.NONE)
    expect(rig.commit('other-simple', 3)).toEqual([ErrorCode.NONE])
    expect(rig.commit('g', 4)).toEqual([ErrorCode.NONE])
    expect(await stateOf(rig.log)).toBe(await stateOf(rig.log, await checkpointAt(rig.log, 2)))
  })

  it('of a new group leaves no group behind', () => {
    const rig = new Rig().begin()
    thrower(rig, 'g', (shard) => shard.groups.set('g', {} as never))
    expect(rig.coordinator.state.groups.size).toBe(0)
  })

  it('in a sweep leaves one group out', async () => {
    const rig = new Rig().begin()
    for (const group of ['a', 'b', 'c']) rig.commit(group, 1)
    rig.coordinator.sweep((shard, groupId, turn) => {
      if (groupId === 'b') throw new Error('not b')
      forgetTopics(shard, groupId, () => true, turn.decision)
    })
    expect([rig.committed('a'), rig.committed('b'), rig.committed('c')]).toEqual([-1, 1, -1])
    expect(rig.bugs).toMatchObject([{ message: 'not b' }])
  })

  it('is not the same as a record that cannot be applied: the fold would differ from the log, and the partition stops', () => {
    const rig = new Rig().begin()
    rig.commit('g', 1)
    rig.coordinator.state.apply = () => {
      throw new Error('not understood')
    }
    expect(rig.commit('g', 2)).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE])
    expect(rig.commit('other', 2)).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE])
    expect(rig.bugs).toMatchObject([{ message: 'not understood' }])
  })

  it('again when its group is made anew stops the partition: the fold itself is not understood', async () => {
    const rig = new Rig().begin()
    await stableGroup(rig, 'g')
    const parked = rig.join('other', 'n')
    thrower(rig, 'g', (shard) => {
      shard.revive = () => {
        throw new Error('not again')
      }
    })
    expect((await parked)?.errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(rig.bugs).toHaveLength(2)
    const { end } = rig.log
    rig.clock.advance(600_000)
    expect(rig.commit('other', 1)).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE])
    expect(rig.log.end).toBe(end)
  })
})

describe('in memory', () => {
  it('the log stays as large as what it says, and says all of it', async () => {
    const rig = new Rig(new TestLog(), undefined, 100, true).begin()
    const joined = rig.join('g', 'm')
    rig.clock.advance(0)
    await joined
    rig.sync('g', 'm', 1, 'all')
    for (let i = 0; i < 5000; i++) {
      rig.commit(`g${i % 7}`, i, 'orders', i % 3)
      expect(rig.log.batches.length).toBeLessThan(110)
    }
    expect(rig.log.start).toBeGreaterThan(4000)
    const loaded = new Rig(rig.log)
    const loading = loaded.coordinator.load(() => loaded.log)
    await settle(loaded.clock)
    await loading
    const all = (of: Rig): unknown[] => [...of.coordinator.state.records()]
    expect(all(loaded)).toEqual(expect.arrayContaining(all(rig)))
    expect(all(loaded)).toHaveLength(all(rig).length)
    expect(loaded.heartbeat('g', 'm', 1)).toBe(ErrorCode.NONE)
  })

  it('a log whose fold does not fit into memory stays as it is, and is condensed later', () => {
    const rig = new Rig(new TestLog(), undefined, 10, true).begin()
    for (let i = 0; i < 9; i++) rig.commit('g', i)
    const { append } = rig.log
    let left = 1
    rig.log.append = (batch) => {
      if (left-- <= 0) throw new TidemarkError('MEMORY_FULL', 'the memory is full')
      return append.call(rig.log, batch)
    }
    expect(rig.commit('g', 9)).toEqual([ErrorCode.NONE])
    expect(rig.log.batches).toHaveLength(10)
    rig.log.append = append
    for (let i = 10; i < 20; i++) rig.commit('g', i)
    expect(rig.log.batches).toHaveLength(1)
    expect(rig.committed('g')).toBe(19)
  })
})

describe('sessions', () => {
  it('decision 5: after a stall a second and a turn of I/O pass first, and a heartbeat that came meanwhile keeps its member', async () => {
    const rig = new Rig().begin()
    const joined = rig.join('g', 'm')
    rig.clock.advance(0)
    await joined
    rig.sync('g', 'm', 1, 'all')
    rig.clock.stall(60_000)
    expect(rig.heartbeat('g', 'm', 1)).toBe(ErrorCode.NONE)
    rig.clock.turn()
    expect(rig.heartbeat('g', 'm', 1)).toBe(ErrorCode.NONE)
    rig.clock.stall(60_000)
    rig.clock.advance(1_000)
    rig.clock.turn()
    expect(rig.heartbeat('g', 'm', 1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })
})

describe('reading back', () => {
  it('is answered COORDINATOR_LOAD_IN_PROGRESS meanwhile, and afterwards nobody has to rejoin', async () => {
    const before = new Rig().begin()
    const joined = before.join('g', 'm')
    before.clock.advance(0)
    await joined
    before.sync('g', 'm', 1, 'all')
    before.commit('other', 9)

    const rig = new Rig(before.log)
    const loading = rig.coordinator.load(() => rig.log)
    expect(rig.commit('g', 1)).toEqual([ErrorCode.COORDINATOR_LOAD_IN_PROGRESS])
    expect(rig.coordinator.unavailable).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    await settle(rig.clock)
    await loading
    expect(rig.heartbeat('g', 'm', 1)).toBe(ErrorCode.NONE)
    expect(rig.committed('other')).toBe(9)
    rig.clock.advance(1000)
    expect(rig.heartbeat('g', 'm', 1)).toBe(ErrorCode.UNKNOWN_MEMBER_ID)
  })

  it('the records are those of Kafka: keys of version 1 and 2, in plain batches', () => {
    const rig = new Rig().begin()
    void rig.join('g', 'm')
    rig.commit('simple', 5)
    const versions: number[] = []
    for (const batch of rig.log.batches) {
      for (const { header } of batchesIn(batch)) {
        expect(header).toMatchObject({ producerId: -1n, attributes: 0 })
        const cursor = new RecordCursor(batch, header)
        while (cursor.next()) versions.push(cursor.key!.readInt16BE(0), cursor.value!.readInt16BE(0))
      }
    }
    expect(versions).toEqual([2, 3, 1, 3])
  })

  it('a record of a kind that Kafka has and this coordinator has not is skipped', async () => {
    const rig = new Rig().begin()
    rig.commit('g', 1)
    const strange = Buffer.from(rig.log.batches[0]!)
    // The key's version: behind the batch's header and the record's length, attributes, two deltas and key length.
    const keyAt = 61 + 5 + (strange[61]! & 0x80 ? 1 : 0)
    expect(strange.readInt16BE(keyAt)).toBe(1)
    strange.writeInt16BE(3, keyAt)
    strange.writeUInt32BE(crc32c(strange.subarray(21)), 17)
    rig.log.append(strange)
    rig.commit('g', 2)
    expect(await stateOf(rig.log)).toBe(await stateOf(rig.log, await checkpointAt(rig.log, 1)))
  })

  it('a topic with more offsets than one turn writes is forgotten whole; if nothing can be written, the rest waits for the next start', () => {
    const rig = new Rig().begin()
    for (let partition = 0; partition < SWEPT_RECORDS_MAX + 5; partition++) rig.commit('g', 1, 'orders', partition)
    rig.log.broken = gone
    rig.forgetTopic('orders')
    expect(rig.committed('g')).toBe(1)
    rig.log.broken = undefined
    const before = rig.log.batches.length
    rig.forgetTopic('orders')
    expect(rig.committed('g')).toBe(-1)
    expect(rig.log.batches.length).toBe(before + 2)
  })

  it('one that is closed while it reads back begins nothing', async () => {
    const before = new Rig().begin()
    const joined = before.join('g', 'm')
    before.clock.advance(0)
    await joined
    before.sync('g', 'm', 1, 'all')
    const rig = new Rig(before.log)
    const loading = rig.coordinator.load(() => rig.log)
    await rig.coordinator.close()
    await settle(rig.clock)
    await loading
    expect(rig.timers.size).toBe(0)
    expect(rig.checkpoints.writes).toBe(0)
    expect(rig.commit('g', 1)).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE])
  })

  it('a log that cannot be read makes the partition unavailable', async () => {
    const rig = new Rig()
    rig.commit('g', 1)
    rig.log.end = 5
    const loading = rig.coordinator.load(() => rig.log)
    const failed = expect(loading).rejects.toThrow('has no whole record batch at offset 0')
    await settle(rig.clock)
    await failed
    expect(rig.commit('g', 1)).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE])
  })
})

const checkpointAt = async (log: TestLog, batches: number): Promise<Buffer> => Buffer.from(await stateOf(log.cut(batches)), 'hex')

describe('checkpoints', () => {
  it('decision 12: checkpoint plus tail is, byte for byte, a full replay, wherever the checkpoint was taken', async () => {
    const rig = new Rig().begin()
    for (let i = 0; i < 30; i++) {
      rig.commit(`g${i % 7}`, i, i % 3 === 0 ? 'orders' : 'clicks', i % 4)
      if (i % 10 === 9) rig.forgetTopic('clicks')
      if (i % 5 === 0) void rig.join(`j${i}`, `m${i}`)
    }
    rig.clock.advance(0)
    for (const i of [0, 5, 10]) rig.sync(`j${i}`, `m${i}`, 1, 'all')
    const full = await stateOf(rig.log)
    for (let batches = 0; batches <= rig.log.batches.length; batches++) {
      expect(await stateOf(rig.log, await checkpointAt(rig.log, batches))).toBe(full)
    }
  })

  it('is written after the given number of records, and at a clean close', async () => {
    const rig = new Rig(new TestLog(), new TestCheckpoints(), 3).begin()
    rig.commit('g', 1)
    rig.commit('g', 2)
    expect(rig.checkpoints.writes).toBe(0)
    rig.commit('g', 3)
    expect(rig.checkpoints.writes).toBe(1)
    await settle(rig.clock)
    rig.commit('g', 4)
    await rig.coordinator.checkpoint()
    expect(rig.checkpoints.writes).toBe(2)
    await rig.coordinator.checkpoint()
    expect(rig.checkpoints.writes).toBe(2)
  })

  it('a large state is saved more rarely: after as many records as were saved last', async () => {
    const rig = new Rig(new TestLog(), new TestCheckpoints(), 2).begin()
    for (let partition = 0; partition < 8; partition++) {
      rig.commit('g', 1, 'orders', partition)
      await settle(rig.clock)
    }
    // At 2, 4 and 8 entries.
    expect(rig.checkpoints.writes).toBe(3)
  })

  it('nothing is lost where it cannot be written', async () => {
    const rig = new Rig(new TestLog(), new TestCheckpoints(), 1).begin()
    rig.checkpoints.broken = gone
    expect(rig.commit('g', 1)).toEqual([ErrorCode.NONE])
    await settle(rig.clock)
    expect(rig.commit('g', 2)).toEqual([ErrorCode.NONE])
  })

  it('one that is damaged is ignored', async () => {
    const rig = new Rig().begin()
    rig.commit('g', 1)
    expect(await stateOf(rig.log, Buffer.from('nonsense'))).toBe(await stateOf(rig.log))
    expect(await stateOf(rig.log, Buffer.alloc(0))).toBe(await stateOf(rig.log))
  })

  it('one of an end that a crash of the machine took away is ignored, also when the log has grown over that offset again', async () => {
    const rig = new Rig().begin()
    rig.commit('g', 1)
    rig.commit('g', 2)
    await rig.coordinator.checkpoint()

    const after = new Rig(rig.log.cut(1), rig.checkpoints)
    const loading = after.coordinator.load(() => after.log)
    await settle(after.clock)
    await loading
    expect(after.committed('g')).toBe(1)
    after.commit('other', 5)
    after.commit('other', 6)

    // The power goes again, the old checkpoint is still there, and the log is as long as it says.
    expect(after.log.end).toBeGreaterThanOrEqual(rig.log.end)
    const last = new Rig(after.log, after.checkpoints)
    const again = last.coordinator.load(() => last.log)
    await settle(last.clock)
    await again
    expect([last.committed('g'), last.committed('other')]).toEqual([1, 6])
  })
})
