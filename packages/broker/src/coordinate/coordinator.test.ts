import { TidemarkError } from '@tidemark/platform'
import { ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import type { Shard } from '../state/group/shard.ts'
import { forgetTopics } from '../state/offsets/forget.ts'
import { checkpointAt, never, Rig, stateOf } from './coordinator.case.ts'
import { settle, TestLog } from './rig.case.ts'

const gone = new TidemarkError('STORAGE_FAILED', 'the disk is gone')

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
