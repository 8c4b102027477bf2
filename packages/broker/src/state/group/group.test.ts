import { describe, expect, it } from 'vitest'
import { nameOf, protocols, Scenario, stableGroup } from './scenario.case.ts'

describe('sessions', () => {
  it('a member that is silent for its session time-out is out, and the others rebalance', () => {
    const t = new Scenario()
    const [a, b] = stableGroup(t, 'a', 'b') as [string, string]
    t.advance(900)
    expect(t.heartbeat(a, 1)).toBe('NONE')
    t.advance(100)
    expect(t.group?.members.has(b)).toBe(false)
    expect(t.heartbeat(a, 1)).toBe('REBALANCE_IN_PROGRESS')
  })

  it.each(['heartbeat', 'commit', 'sync'] as const)('a %s renews the session of its member', (how) => {
    const t = new Scenario()
    const [a] = stableGroup(t, 'a') as [string]
    for (let i = 0; i < 5; i++) {
      t.advance(900)
      if (how === 'heartbeat') expect(t.heartbeat(a, 1)).toBe('NONE')
      if (how === 'commit') expect(t.commit({ memberId: a, generationId: 1 })).toEqual(['NONE'])
      if (how === 'sync') expect(nameOf(t.sync(a, 1).reply?.errorCode)).toBe('NONE')
    }
    expect(t.group?.members.has(a)).toBe(true)
    t.advance(1000)
    expect(t.group?.members.has(a)).toBe(false)
  })

  it('a member that waits for its JoinGroup or SyncGroup needs no heartbeat', () => {
    const t = new Scenario()
    const [a, b] = stableGroup(t, 'a', 'b') as [string, string]
    const held = t.join({ memberId: a, rebalanceTimeoutMs: 60_000 })
    for (let i = 0; i < 20; i++) {
      t.advance(500)
      expect(t.heartbeat(b, 1)).toBe('REBALANCE_IN_PROGRESS')
    }
    t.join({ memberId: b })
    expect(held.reply?.generationId).toBe(2)
    const waits = t.sync(b, 2)
    for (let i = 0; i < 8; i++) {
      t.advance(500)
      expect(t.heartbeat(a, 2)).toBe('NONE')
    }
    t.sync(a, 2, { [b]: 'B' })
    expect(String(waits.reply?.assignment)).toBe('B')
  })

  it('a session that ended while its member waited begins anew when the wait is over', () => {
    const t = new Scenario()
    const a = t.member('a', { sessionTimeoutMs: 60_000 })
    const s = t.join({ groupInstanceId: 'i' })
    t.advance(0)
    const held = t.sync(s.reply!.memberId, 1)
    t.advance(1500)
    expect(t.group?.members.size).toBe(2)
    const again = t.join({ memberId: a.memberId, protocols: protocols('range', 'sticky'), sessionTimeoutMs: 60_000 })
    expect(nameOf(held.reply?.errorCode)).toBe('REBALANCE_IN_PROGRESS')
    t.advance(999)
    expect(t.group?.members.size).toBe(2)
    t.advance(1)
    expect(again.reply?.members).toHaveLength(1)
  })

  it('a heartbeat of an unknown group, member or generation is told so', () => {
    const t = new Scenario()
    expect(t.heartbeat('a', 1)).toBe('UNKNOWN_MEMBER_ID')
    const [a] = stableGroup(t, 'a') as [string]
    expect(t.heartbeat('nobody', 1)).toBe('UNKNOWN_MEMBER_ID')
    expect(t.heartbeat(a, 2)).toBe('ILLEGAL_GENERATION')
    expect(t.heartbeat(a, 1, 'instance')).toBe('UNKNOWN_MEMBER_ID')
  })
})

describe('syncing', () => {
  it('is refused for an unknown group, member, generation or protocol, and while members join', () => {
    const t = new Scenario()
    const error = (...args: Parameters<Scenario['sync']>): string => nameOf(t.sync(...args).reply?.errorCode)
    expect(error('a', 1)).toBe('UNKNOWN_MEMBER_ID')
    const [a] = stableGroup(t, 'a') as [string]
    expect(error('nobody', 1)).toBe('UNKNOWN_MEMBER_ID')
    expect(error(a, 2)).toBe('ILLEGAL_GENERATION')
    expect(error(a, 1, {}, { protocolType: 'connect' })).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(error(a, 1, {}, { protocolName: 'sticky' })).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(error(a, 1, {}, { protocolType: 'consumer', protocolName: 'range' })).toBe('NONE')
    t.member('b')
    expect(error(a, 1)).toBe('REBALANCE_IN_PROGRESS')
  })

  it('an assignment that is too large to be written is refused, and the group rebalances', () => {
    const t = new Scenario({ recordBytesMax: 1000 })
    const { memberId } = t.member('a')
    t.advance(0)
    expect(nameOf(t.sync(memberId, 1, { [memberId]: 'x'.repeat(1001) }).reply?.errorCode)).toBe('UNKNOWN_SERVER_ERROR')
    expect(t.group?.phase).toBe('PreparingRebalance')
  })

  it('trap 37: chained rebalances settle with every member in the last generation', () => {
    const t = new Scenario()
    const ids: string[] = []
    for (let round = 1; round <= 20; round++) {
      const fresh = t.member(`m${round}`)
      ids.push(fresh.memberId)
      const rejoined = ids.slice(0, -1).map((memberId) => t.join({ memberId }))
      t.advance(0)
      for (const asked of [...rejoined, fresh.join]) expect(asked.reply?.generationId).toBe(round)
      // Every other round somebody comes before the assignment is there.
      if (round % 2 === 0) continue
      const syncs = ids.map((memberId) => t.sync(memberId, round, { [ids[0]!]: 'all' }))
      for (const asked of syncs) expect(nameOf(asked.reply?.errorCode)).toBe('NONE')
    }
    expect(t.group?.members.size).toBe(20)
    expect(t.unanswered).toBe(0)
  })
})

describe('restarts', () => {
  it('after a restart a group is as last written, nobody has to rejoin, and sessions begin afresh', () => {
    const t = new Scenario()
    const [a, b] = stableGroup(t, 'a', 'b') as [string, string]
    t.advance(900)
    t.restart()
    expect(t.group?.phase).toBe('Stable')
    t.advance(900)
    expect(t.heartbeat(a, 1)).toBe('NONE')
    expect(String(t.sync(b, 1).reply?.assignment)).toBe(`for ${b}`)
    expect(t.join({ memberId: b }).reply?.generationId).toBe(1)
    expect(t.commit({ memberId: a, generationId: 1 })).toEqual(['NONE'])
  })

  it('a static member is known by its instance after a restart', () => {
    const t = new Scenario()
    const first = t.join({ groupInstanceId: 'i' })
    t.advance(0)
    t.sync(first.reply!.memberId, 1, { [first.reply!.memberId]: 'all' })
    t.restart()
    const back = t.join({ groupInstanceId: 'i' })
    expect(back.reply).toMatchObject({ generationId: 1 })
    expect(t.heartbeat(first.reply!.memberId, 1, 'i')).toBe('FENCED_INSTANCE_ID')
    // Its new id was written too.
    t.restart()
    expect(t.heartbeat(first.reply!.memberId, 1, 'i')).toBe('FENCED_INSTANCE_ID')
    expect(t.heartbeat(back.reply!.memberId, 1, 'i')).toBe('NONE')
  })

  it('a group that was rebalancing comes back in the generation that was last written', () => {
    const t = new Scenario()
    const [a] = stableGroup(t, 'a') as [string]
    t.member('b')
    t.join({ memberId: a })
    expect(t.group).toMatchObject({ phase: 'CompletingRebalance', generation: 2 })
    t.restart()
    expect(t.group).toMatchObject({ phase: 'Stable', generation: 1 })
    expect(t.heartbeat(a, 1)).toBe('NONE')
  })

  it('members that do not come back after a restart are out after their session time-out', () => {
    const t = new Scenario()
    stableGroup(t, 'a', 'b')
    t.restart()
    t.advance(1000)
    expect(t.group).toMatchObject({ phase: 'Empty', generation: 2 })
  })
})
