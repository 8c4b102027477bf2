import { describe, expect, it } from 'vitest'
import { GROUP, nameOf, Scenario, stableGroup } from './scenario.case.ts'

describe('leaving', () => {
  it('trap 34: LeaveGroup takes several members, each with an answer of its own', () => {
    const t = new Scenario()
    const s = t.join({ groupInstanceId: 'i' })
    const a = t.member('a')
    t.advance(0)
    t.sync(a.memberId, 1)
    t.sync(s.reply!.memberId, 1)
    const { members } = t.leave({ memberId: a.memberId }, { groupInstanceId: 'i' }, { memberId: 'nobody' }, { groupInstanceId: 'unknown' })
    expect(members.map((m) => nameOf(m.errorCode))).toEqual(['NONE', 'NONE', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'])
    expect(t.group?.phase).toBe('Empty')
  })

  it('when the last member leaves, the group is Empty in a new generation, and so it is written', () => {
    const t = new Scenario()
    const [a] = stableGroup(t, 'a') as [string]
    t.leave({ memberId: a })
    expect(t.group).toMatchObject({ phase: 'Empty', generation: 2, leader: null, protocol: null })
    expect(t.log.at(-1)).toMatchObject({ kind: 'group', groupId: GROUP, value: { generation: 2, members: [], protocolType: 'consumer' } })
  })

  it('a member that leaves begins a rebalance; if the leader left, the member that joins first leads', () => {
    const t = new Scenario()
    const [a, b] = stableGroup(t, 'a', 'b') as [string, string]
    t.leave({ memberId: a })
    expect(t.heartbeat(b, 1)).toBe('REBALANCE_IN_PROGRESS')
    expect(t.join({ memberId: b }).reply).toMatchObject({ generationId: 2, leader: b })
  })

  it('a member that leaves while it waits is answered, and the others go on without it', () => {
    const t = new Scenario()
    const [a, b] = stableGroup(t, 'a', 'b') as [string, string]
    const held = t.join({ memberId: a })
    const other = t.join({ memberId: b })
    t.sync(a, 2)
    const c = t.member('c')
    t.join({ memberId: a })
    t.leave({ memberId: c.memberId }, { memberId: b })
    expect(nameOf(c.join.reply?.errorCode)).toBe('UNKNOWN_MEMBER_ID')
    expect(held.reply?.generationId).toBe(2)
    expect(other.reply?.generationId).toBe(2)
    expect(t.group).toMatchObject({ phase: 'CompletingRebalance', generation: 3 })
  })

  it('a member that leaves while it waits for its assignment is answered', () => {
    const t = new Scenario()
    t.member('a')
    const b = t.member('b')
    t.advance(0)
    const held = t.sync(b.memberId, 1)
    t.leave({ memberId: b.memberId })
    expect(nameOf(held.reply?.errorCode)).toBe('UNKNOWN_MEMBER_ID')
  })

  it('a pending member that leaves holds up nobody', () => {
    const t = new Scenario()
    const [a] = stableGroup(t, 'a') as [string]
    const pending = t.join({ clientId: 'b', needsMemberId: true })
    const again = t.join({ memberId: a })
    expect(again.reply).toBeUndefined()
    t.leave({ memberId: pending.reply!.memberId })
    expect(again.reply?.generationId).toBe(2)
  })
})
