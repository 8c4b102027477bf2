import { describe, expect, it } from 'vitest'
import { nameOf, protocols, Scenario, stableGroup } from './scenario.case.ts'

describe('joining', () => {
  it('trap 32: a dynamic member is given its id first and joins with it; one that never comes back is forgotten after its session time-out', () => {
    const t = new Scenario()
    const first = t.join({ clientId: 'a', needsMemberId: true })
    expect(nameOf(first.reply?.errorCode)).toBe('MEMBER_ID_REQUIRED')
    expect(first.reply?.memberId).toBe('a-1')
    expect(t.group?.pendingJoin.size).toBe(1)
    t.advance(999)
    expect(t.group?.pendingJoin.size).toBe(1)
    t.advance(1)
    expect(t.group?.pendingJoin.size).toBe(0)
    expect(nameOf(t.join({ memberId: 'a-1' }).reply?.errorCode)).toBe('UNKNOWN_MEMBER_ID')
  })

  it('trap 32: a static member is not asked to come back with an id', () => {
    const t = new Scenario()
    const joined = t.join({ groupInstanceId: 'i', needsMemberId: true })
    t.advance(0)
    expect(nameOf(joined.reply?.errorCode)).toBe('NONE')
    expect(joined.reply?.memberId).toBe('i-1')
  })

  it('trap 32: the first rebalance waits for the initial delay, again while members keep coming, and never longer than the rebalance time-out', () => {
    const t = new Scenario({ initialRebalanceDelayMs: 3000 })
    const a = t.join({ clientId: 'a' })
    t.advance(2000)
    const b = t.join({ clientId: 'b' })
    t.advance(1000)
    expect(a.reply).toBeUndefined()
    const c = t.join({ clientId: 'c' })
    t.advance(1999)
    expect(a.reply).toBeUndefined()
    t.advance(1)
    // 5,000 ms: the rebalance time-out.
    expect([a, b, c].map((asked) => asked.reply?.generationId)).toEqual([1, 1, 1])
  })

  it('trap 32: a JoinGroup is held until all have joined again, and a member that has not by the rebalance time-out is removed', () => {
    const t = new Scenario()
    const [a, b] = stableGroup(t, 'a', 'b') as [string, string]
    t.member('c')
    expect(t.group?.phase).toBe('PreparingRebalance')
    expect(t.heartbeat(a, 1)).toBe('REBALANCE_IN_PROGRESS')
    const again = t.join({ memberId: a })
    for (let i = 0; i < 9; i++) {
      t.advance(500)
      t.heartbeat(b, 1)
      expect(again.reply).toBeUndefined()
    }
    t.advance(500)
    expect(again.reply?.generationId).toBe(2)
    expect(again.reply?.members.map((m) => m.memberId)).not.toContain(b)
    expect(t.heartbeat(b, 1)).toBe('UNKNOWN_MEMBER_ID')
  })

  it('trap 32: a SyncGroup is held until the leader has brought the assignment', () => {
    const t = new Scenario()
    const a = t.member('a')
    const b = t.member('b')
    t.advance(0)
    const held = t.sync(b.memberId, 1)
    expect(held.reply).toBeUndefined()
    const leader = t.sync(a.memberId, 1, { [a.memberId]: 'A', [b.memberId]: 'B' })
    expect(String(held.reply?.assignment)).toBe('B')
    expect(String(leader.reply?.assignment)).toBe('A')
    expect(t.group?.phase).toBe('Stable')
  })

  it('trap 32: members that never ask for their assignment are taken out after the rebalance time-out, and the others rebalance', () => {
    const t = new Scenario()
    const a = t.member('a', { sessionTimeoutMs: 60_000 })
    const b = t.member('b', { sessionTimeoutMs: 60_000 })
    t.advance(0)
    const held = t.sync(b.memberId, 1)
    t.advance(4999)
    expect(held.reply).toBeUndefined()
    t.advance(1)
    expect(nameOf(held.reply?.errorCode)).toBe('REBALANCE_IN_PROGRESS')
    expect(t.group?.members.has(a.memberId)).toBe(false)
    const again = t.join({ memberId: b.memberId, sessionTimeoutMs: 60_000 })
    expect(again.reply?.generationId).toBe(2)
    expect(again.reply?.leader).toBe(b.memberId)
  })

  it('trap 32: also a stable group takes out a follower that never asked for its assignment', () => {
    const t = new Scenario()
    const a = t.member('a', { sessionTimeoutMs: 60_000 })
    const b = t.member('b', { sessionTimeoutMs: 60_000 })
    t.advance(0)
    t.sync(a.memberId, 1, { [a.memberId]: 'all' })
    expect(t.group?.phase).toBe('Stable')
    t.advance(5000)
    expect(t.group?.members.has(b.memberId)).toBe(false)
    expect(t.group?.phase).toBe('PreparingRebalance')
  })

  it('a member that asks again while it waits is answered on its new request; the old one ends', () => {
    const t = new Scenario()
    const [a] = stableGroup(t, 'a', 'b') as [string, string]
    const old = t.join({ memberId: a })
    const fresh = t.join({ memberId: a })
    expect(nameOf(old.reply?.errorCode)).toBe('REBALANCE_IN_PROGRESS')
    expect(fresh.reply).toBeUndefined()
    t.advance(5000)
    expect(fresh.reply?.generationId).toBe(2)
  })

  it('a new member that waits for its first answer is given up after five minutes, whatever its session time-out', () => {
    const t = new Scenario()
    const patient = { sessionTimeoutMs: 1_000_000, rebalanceTimeoutMs: 1_000_000 }
    const a = t.member('a', patient)
    t.advance(0)
    t.sync(a.memberId, 1)
    const c = t.member('c')
    t.advance(299_999)
    const { members } = t.group!
    expect(members.has(c.memberId)).toBe(true)
    t.advance(1)
    expect(members.has(c.memberId)).toBe(false)
  })

  it('makes no group beyond groupsMax, neither by joining nor by committing', () => {
    const t = new Scenario()
    t.groupsMax = 0
    expect(nameOf(t.join().reply?.errorCode)).toBe('POLICY_VIOLATION')
    expect(t.commit()).toEqual(['POLICY_VIOLATION'])
    expect(t.shard.groups.size).toBe(0)
  })

  it('refuses metadata beyond its limit, and more pending members than allowed', () => {
    const t = new Scenario({ metadataBytesMax: 100, pendingMembersMax: 1 })
    const large = [{ name: 'range', metadata: Buffer.alloc(100) }]
    expect(nameOf(t.join({ protocols: large }).reply?.errorCode)).toBe('INVALID_REQUEST')
    expect(nameOf(t.join({ needsMemberId: true }).reply?.errorCode)).toBe('MEMBER_ID_REQUIRED')
    expect(nameOf(t.join({ needsMemberId: true }).reply?.errorCode)).toBe('GROUP_MAX_SIZE_REACHED')
  })
})

describe('trap 33: what a join has to fit', () => {
  it('each member votes for the first protocol on its list that all support, and most votes win', () => {
    const t = new Scenario()
    const joined = [
      t.join({ clientId: 'a', protocols: protocols('only a', 'range', 'roundrobin') }),
      t.join({ clientId: 'b', protocols: protocols('roundrobin', 'range') }),
      t.join({ clientId: 'c', protocols: protocols('roundrobin', 'range') }),
    ]
    t.advance(0)
    expect(joined.map(({ reply }) => reply?.protocolName)).toEqual(['roundrobin', 'roundrobin', 'roundrobin'])
  })

  it('refuses a member whose protocols nobody else supports, or of another type, or without any', () => {
    const t = new Scenario()
    t.join({ clientId: 'a', protocols: protocols('range') })
    t.join({ clientId: 'b', protocols: protocols('range', 'sticky') })
    const errors = [
      t.join({ protocols: protocols('sticky') }),
      t.join({ protocolType: 'connect', protocols: protocols('range') }),
      t.join({ protocols: [] }),
      t.join({ groupId: 'new', protocols: [] }),
      t.join({ groupId: 'new', protocolType: '' }),
    ].map(({ reply }) => nameOf(reply?.errorCode))
    expect(errors).toEqual(Array(5).fill('INCONSISTENT_GROUP_PROTOCOL'))
    expect(t.shard.groups.has('new')).toBe(false)
  })

  it('refuses a session time-out outside its bounds', () => {
    const t = new Scenario({ sessionTimeoutMinMs: 100, sessionTimeoutMaxMs: 200 })
    const errors = [99, 100, 200, 201].map((sessionTimeoutMs) => nameOf(t.join({ sessionTimeoutMs, needsMemberId: true }).reply?.errorCode))
    expect(errors).toEqual(['INVALID_SESSION_TIMEOUT', 'MEMBER_ID_REQUIRED', 'MEMBER_ID_REQUIRED', 'INVALID_SESSION_TIMEOUT'])
  })

  it('takes no more members than the maximum, and during a rebalance those that rejoin first', () => {
    const t = new Scenario({ sizeMax: 2 })
    const [a, b] = stableGroup(t, 'a', 'b') as [string, string]
    expect(nameOf(t.join({ clientId: 'c' }).reply?.errorCode)).toBe('GROUP_MAX_SIZE_REACHED')
    t.join({ memberId: a })
    const c = t.join({ clientId: 'c' })
    expect(c.reply).toBeUndefined()
    const late = t.join({ memberId: b })
    expect(nameOf(late.reply?.errorCode)).toBe('GROUP_MAX_SIZE_REACHED')
    expect(c.reply?.generationId).toBe(2)
  })

  it('only the leader is told who is in the group', () => {
    const t = new Scenario()
    const a = t.member('a')
    const b = t.member('b')
    t.advance(0)
    expect(a.join.reply?.leader).toBe(a.memberId)
    expect(b.join.reply?.leader).toBe(a.memberId)
    expect(a.join.reply?.members.map((m) => [m.memberId, String(m.metadata)])).toEqual([
      [a.memberId, 'says range'],
      [b.memberId, 'says range'],
    ])
    expect(b.join.reply?.members).toEqual([])
  })
})

describe('trap 34: joining again', () => {
  it('a follower with unchanged metadata gets its generation again, without a rebalance', () => {
    const t = new Scenario()
    const [, b] = stableGroup(t, 'a', 'b') as [string, string]
    const again = t.join({ memberId: b })
    expect(again.reply?.generationId).toBe(1)
    expect(t.group?.phase).toBe('Stable')
  })

  it('the leader begins a rebalance by joining again, and so does a follower whose metadata changed', () => {
    const t = new Scenario()
    const [a, b] = stableGroup(t, 'a', 'b') as [string, string]
    t.join({ memberId: a })
    expect(t.group?.phase).toBe('PreparingRebalance')
    t.join({ memberId: b })
    t.sync(a, 2)
    expect(t.group?.phase).toBe('Stable')
    t.join({ memberId: b, protocols: [{ name: 'range', metadata: Buffer.from('other topics') }] })
    expect(t.group?.phase).toBe('PreparingRebalance')
  })

  it('before the assignment is there: unchanged metadata repeats the answer, with the members for the leader; changed metadata rebalances', () => {
    const t = new Scenario()
    const a = t.member('a')
    const b = t.member('b')
    t.advance(0)
    expect(t.join({ memberId: a.memberId }).reply?.members).toHaveLength(2)
    expect(t.join({ memberId: b.memberId }).reply?.generationId).toBe(1)
    expect(t.group?.phase).toBe('CompletingRebalance')
    const held = t.sync(b.memberId, 1)
    t.join({ memberId: a.memberId, protocols: protocols('range', 'sticky') })
    expect(t.group?.phase).toBe('PreparingRebalance')
    expect(nameOf(held.reply?.errorCode)).toBe('REBALANCE_IN_PROGRESS')
  })

  it('a static member that comes back gets a new id and its old assignment without a rebalance, and its old id is fenced', () => {
    const t = new Scenario()
    const a = t.join({ groupInstanceId: 'i' })
    const b = t.join({ groupInstanceId: 'j' })
    t.advance(0)
    const [old, other] = [a.reply!.memberId, b.reply!.memberId]
    t.sync(other, 1)
    t.sync(old, 1, { [old]: 'for i', [other]: 'for j' })

    const back = t.join({ groupInstanceId: 'j' })
    expect(back.reply?.memberId).not.toBe(other)
    expect(back.reply?.generationId).toBe(1)
    expect(t.group?.phase).toBe('Stable')
    expect(String(t.sync(back.reply!.memberId, 1, {}, { groupInstanceId: 'j' }).reply?.assignment)).toBe('for j')
    expect(t.heartbeat(other, 1, 'j')).toBe('FENCED_INSTANCE_ID')
    expect(t.heartbeat(back.reply!.memberId, 1, 'j')).toBe('NONE')
    expect(nameOf(t.sync(other, 1, {}, { groupInstanceId: 'j' }).reply?.errorCode)).toBe('FENCED_INSTANCE_ID')
    expect(nameOf(t.join({ memberId: other, groupInstanceId: 'j' }).reply?.errorCode)).toBe('FENCED_INSTANCE_ID')
    expect(t.commit({ generationId: 1, memberId: other, groupInstanceId: 'j' })).toEqual(['FENCED_INSTANCE_ID'])
    expect(t.leave({ memberId: other, groupInstanceId: 'j' }).members.map((m) => nameOf(m.errorCode))).toEqual(['FENCED_INSTANCE_ID'])
  })

  it('trap 33: a static leader that comes back is told to assign nothing (KIP-814), or, before version 9, that another leads', () => {
    const t = new Scenario()
    const first = t.join({ groupInstanceId: 'i' })
    t.advance(0)
    const id = first.reply!.memberId
    t.sync(id, 1, { [id]: 'all' })

    const back = t.join({ groupInstanceId: 'i', canSkipAssignment: true })
    expect(back.reply).toMatchObject({ skipAssignment: true, leader: back.reply!.memberId, generationId: 1 })
    expect(back.reply?.members).toHaveLength(1)
    const again = t.join({ groupInstanceId: 'i', canSkipAssignment: false })
    expect(again.reply).toMatchObject({ skipAssignment: false, leader: back.reply!.memberId, members: [] })
  })

  it('a static member that comes back with another protocol rebalances the group', () => {
    const t = new Scenario()
    const first = t.join({ groupInstanceId: 'i', protocols: protocols('range', 'sticky') })
    t.advance(0)
    t.sync(first.reply!.memberId, 1, {})
    const back = t.join({ groupInstanceId: 'i', protocols: protocols('sticky', 'range') })
    expect(back.reply).toMatchObject({ generationId: 2, protocolName: 'sticky', skipAssignment: false })
    expect(t.group?.phase).toBe('CompletingRebalance')
  })

  it('a static member that comes back while it waits fences its first request, and while others assign it rebalances', () => {
    const t = new Scenario()
    const a = t.join({ groupInstanceId: 'i' })
    const b = t.join({ groupInstanceId: 'j' })
    t.advance(0)
    const held = t.sync(b.reply!.memberId, 1)
    const back = t.join({ groupInstanceId: 'j' })
    expect(nameOf(held.reply?.errorCode)).toBe('FENCED_INSTANCE_ID')
    expect(t.group?.phase).toBe('PreparingRebalance')
    const twice = t.join({ groupInstanceId: 'j' })
    expect(nameOf(back.reply?.errorCode)).toBe('FENCED_INSTANCE_ID')
    t.join({ memberId: a.reply!.memberId, groupInstanceId: 'i' })
    expect(twice.reply?.generationId).toBe(2)
  })

  it('a static member that does not rejoin in time keeps its place until its session ends', () => {
    const t = new Scenario()
    const a = t.join({ groupInstanceId: 'i', sessionTimeoutMs: 20_000 })
    const b = t.join({ groupInstanceId: 'j', sessionTimeoutMs: 20_000 })
    t.advance(0)
    t.sync(b.reply!.memberId, 1)
    t.sync(a.reply!.memberId, 1)
    const again = t.join({ memberId: a.reply!.memberId, groupInstanceId: 'i', sessionTimeoutMs: 20_000 })
    t.advance(5000)
    expect(again.reply?.members).toHaveLength(2)
  })
})
