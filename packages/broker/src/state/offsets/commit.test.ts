import { describe, expect, it } from 'vitest'
import { GROUP, protocols, Scenario, stableGroup } from '../group/scenario.case.ts'
import { fetchOffsets } from './fetch.ts'
import { forgetTopics } from './forget.ts'

describe('trap 35: who may commit', () => {
  it('any client without member and generation while the group is Empty or does not exist, no other client', () => {
    const t = new Scenario()
    expect(t.commit()).toEqual(['NONE'])
    expect(t.group?.phase).toBe('Empty')
    expect(t.commit()).toEqual(['NONE'])
    expect(t.commit({ generationId: 3, memberId: 'a' })).toEqual(['UNKNOWN_MEMBER_ID'])
    const [a] = stableGroup(t, 'a') as [string]
    expect(t.commit()).toEqual(['UNKNOWN_MEMBER_ID'])
    expect(t.commit({ memberId: a })).toEqual(['ILLEGAL_GENERATION'])
    expect(t.commit({ memberId: a, generationId: 0 })).toEqual(['ILLEGAL_GENERATION'])
    expect(t.commit({ memberId: 'b', generationId: 1 })).toEqual(['UNKNOWN_MEMBER_ID'])
    expect(t.commit({ memberId: a, generationId: 1, groupInstanceId: 'i' })).toEqual(['UNKNOWN_MEMBER_ID'])
    expect(t.commit({ memberId: a, generationId: 1 })).toEqual(['NONE'])
  })

  it('with a generation for a group that does not exist: GROUP_ID_NOT_FOUND from version 9 on, before ILLEGAL_GENERATION', () => {
    const t = new Scenario()
    expect(t.commit({ memberId: 'a', generationId: 1 })).toEqual(['GROUP_ID_NOT_FOUND'])
    expect(t.commit({ memberId: 'a', generationId: 1, knowsGroupIdNotFound: false })).toEqual(['ILLEGAL_GENERATION'])
    expect(t.shard.groups.size).toBe(0)
  })

  it('a member may commit while others join, and is told REBALANCE_IN_PROGRESS only while the leader assigns', () => {
    const t = new Scenario()
    const [a] = stableGroup(t, 'a') as [string]
    t.member('b')
    expect(t.group?.phase).toBe('PreparingRebalance')
    expect(t.commit({ memberId: a, generationId: 1 })).toEqual(['NONE'])
    t.join({ memberId: a })
    expect(t.group?.phase).toBe('CompletingRebalance')
    expect(t.commit({ memberId: a, generationId: 1 })).toEqual(['ILLEGAL_GENERATION'])
    expect(t.commit({ memberId: a, generationId: 2 })).toEqual(['REBALANCE_IN_PROGRESS'])
  })

  it('a refused commit changes nothing', () => {
    const t = new Scenario()
    stableGroup(t, 'a')
    const before = t.log.length
    t.commit({ memberId: 'b', generationId: 1 })
    expect(t.committed()).toEqual([-1, -1, ''])
    expect(t.log.length).toBe(before)
  })
})

describe('trap 35: what is kept', () => {
  it('offset, leader epoch and metadata come back as they were, after a restart too', () => {
    const t = new Scenario()
    t.commit({
      entries: [
        { offset: 7, leaderEpoch: 5, metadata: 'half of it' },
        { partition: 1, offset: 0, leaderEpoch: -1, metadata: null },
      ],
    })
    t.restart()
    expect(t.committed()).toEqual([7, 5, 'half of it'])
    expect(t.committed('orders', 1)).toEqual([0, -1, ''])
  })

  it('metadata is limited in UTF-16 units, entry by entry', () => {
    const t = new Scenario()
    const metadata = ['x'.repeat(4096), 'x'.repeat(4097), '😀'.repeat(2048), '😀'.repeat(2049)]
    expect(t.commit({ entries: metadata.map((text, partition) => ({ partition, metadata: text })) })).toEqual([
      'NONE',
      'OFFSET_METADATA_TOO_LARGE',
      'NONE',
      'OFFSET_METADATA_TOO_LARGE',
    ])
    expect(t.committed('orders', 1)).toEqual([-1, -1, ''])
    expect(t.committed('orders', 2)[2]).toBe('😀'.repeat(2048))
  })

  it('an offset that is not a safe integer is answered for its partition alone; a negative one is kept, as Kafka does', () => {
    const t = new Scenario()
    const entries = [{ offset: Number.NaN }, { partition: 1, offset: -5 }, { partition: 2, offset: Number.MAX_SAFE_INTEGER }]
    expect(t.commit({ entries })).toEqual(['OFFSET_OUT_OF_RANGE', 'NONE', 'NONE'])
    expect(t.committed('orders', 1)[0]).toBe(-5)
    t.restart()
    expect(t.committed('orders', 2)[0]).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('a retention time (versions 2 to 4) is accepted and written down; one that is not valid is ignored', () => {
    const t = new Scenario()
    expect(t.commit({ retentionTimeMs: 60_000 })).toEqual(['NONE'])
    expect(t.log.at(-1)).toMatchObject({ value: { offset: 42, expireTimestamp: 1_700_000_060_000 } })
    for (const retentionTimeMs of [Number.NaN, Number.MAX_SAFE_INTEGER, -1]) {
      expect(t.commit({ retentionTimeMs })).toEqual(['NONE'])
      expect(t.log.at(-1)).toMatchObject({ value: { expireTimestamp: -1 } })
    }
  })

  it('a commit whose records would be too large is refused as a whole', () => {
    const t = new Scenario({ recordBytesMax: 1000 })
    const entries = Array.from({ length: 10 }, (_, partition) => ({ partition, metadata: 'x'.repeat(100) }))
    expect(new Set(t.commit({ entries }))).toEqual(new Set(['INVALID_COMMIT_OFFSET_SIZE']))
    expect(t.shard.groups.size).toBe(0)
  })
})

describe('trap 36: what is committed', () => {
  it('nothing committed is offset -1, no metadata and no error, for an unknown group too', () => {
    expect(new Scenario().committed()).toEqual([-1, -1, ''])
  })

  it('all topics, if none is named', () => {
    const t = new Scenario()
    t.commit({ entries: [{ topic: 'b', partition: 1 }, { topic: 'a' }, { topic: 'b', partition: 0 }] })
    const all = fetchOffsets(t.shard, GROUP, null)
    expect(all.map(({ name, partitions }) => [name, partitions.map((p) => p.partition)])).toEqual([
      ['b', [1, 0]],
      ['a', [0]],
    ])
    expect(fetchOffsets(t.shard, 'unknown', null)).toEqual([])
  })

  it('an offset committed by topic id does not belong to a newer topic of the same name', () => {
    const t = new Scenario()
    const [old, fresh] = ['1'.repeat(32), '2'.repeat(32)]
    t.commit({ entries: [{ topicId: old }] })
    t.restart()
    const offsetOf = (topicId: string) =>
      fetchOffsets(t.shard, GROUP, [{ name: 'orders', topicId, partitions: [0] }])[0]!.partitions[0]!.offset
    expect([offsetOf(old), offsetOf(fresh), offsetOf('0'.repeat(32))]).toEqual([42, -1, 42])
  })

  it('the offsets of a deleted topic are gone, after a restart too, and those of others stay', () => {
    const t = new Scenario()
    t.commit({ entries: [{}, { partition: 1 }, { topic: 'others' }] })
    t.commit({ groupId: 'second' })
    t.sweep((groupId, turn) => forgetTopics(t.shard, groupId, (topic) => topic === 'orders', turn.decision))
    expect(t.log.slice(-3)).toMatchObject([{ value: null }, { value: null }, { value: null }])
    t.restart()
    expect(t.committed()).toEqual([-1, -1, ''])
    expect(t.committed('others')[0]).toBe(42)
    expect(t.shard.offsets.size).toBe(1)
  })
})

it('a group that was made by a commit may be joined, and keeps its offsets', () => {
  const t = new Scenario()
  t.commit()
  t.restart()
  const joined = t.join({ protocols: protocols('range') })
  t.advance(0)
  expect(joined.reply?.generationId).toBe(1)
  expect(t.committed()[0]).toBe(42)
})
