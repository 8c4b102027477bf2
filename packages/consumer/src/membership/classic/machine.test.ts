import type { TopicPartition } from '@tidemark/client'
import type { ErrorName } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import type { GroupRequest } from '../membership.ts'
import { isSuspended, type MemberState, type MembershipEvent, memberState, on } from './machine.ts'

const p = (...partitions: number[]): TopicPartition[] => partitions.map((partition) => ({ topic: 't', partition }))

const awaited = ({ phase }: MemberState): GroupRequest =>
  phase === 'joining' ? 'JoinGroup' : phase === 'syncing' ? 'SyncGroup' : 'Heartbeat'

function member(options: { cooperative?: boolean } = {}) {
  const m = memberState()
  const cooperative = options.cooperative ?? true
  return {
    m,
    on: (event: MembershipEvent) => on(m, event),
    joins(generation: number) {
      return on(m, { kind: 'joined', memberId: 'me', generation, cooperative, members: undefined })
    },
    /** Joined and stable with these partitions. */
    stable(generation: number, partitions: TopicPartition[]) {
      on(m, { kind: 'start' })
      this.joins(generation)
      return on(m, { kind: 'synced', partitions })
    },
    /** By default what the member waits for was refused: its join, its sync, or else a heartbeat. */
    refused: (error: ErrorName, generation = m.generation, request = awaited(m)) => on(m, { kind: 'refused', request, error, generation }),
    unreachable: (request = awaited(m)) => on(m, { kind: 'unreachable', request }),
  }
}

describe('a cooperative member', () => {
  test('goes on owning what it has while it joins again', () => {
    const t = member()
    t.stable(1, p(0, 1))
    const actions = t.refused('REBALANCE_IN_PROGRESS')
    expect(actions).toContainEqual({ kind: 'join', memberId: 'me', generation: 1, owned: p(0, 1) })
    expect(actions.map((a) => a.kind)).not.toContain('giveUp')
  })

  test('drains what the new assignment takes away and joins again only when that is done', () => {
    const t = member()
    t.stable(1, p(0, 1))
    t.refused('REBALANCE_IN_PROGRESS')
    t.joins(2)
    const actions = t.on({ kind: 'synced', partitions: p(0) })
    expect(actions).toContainEqual({ kind: 'giveUp', release: 1, partitions: p(1), reason: 'revoked' })
    expect(actions.map((a) => a.kind)).not.toContain('join')
    expect(t.m.owned).toEqual(p(0, 1))
    expect(t.on({ kind: 'released', release: 1, partitions: p(1) })).toContainEqual({
      kind: 'join',
      memberId: 'me',
      generation: 2,
      owned: p(0),
    })
  })

  test('loses everything when the group went through a generation without it', () => {
    const t = member()
    t.stable(1, p(0, 1))
    t.refused('REBALANCE_IN_PROGRESS')
    expect(t.joins(3)).toContainEqual({ kind: 'lose', partitions: p(0, 1) })
  })

  test('keeps its claims when a sync is cut short by the next rebalance', () => {
    const t = member()
    t.stable(1, p(0))
    t.refused('REBALANCE_IN_PROGRESS')
    t.joins(2)
    t.refused('REBALANCE_IN_PROGRESS')
    expect(t.joins(3).map((a) => a.kind)).not.toContain('lose')
    expect(t.m.owned).toEqual(p(0))
  })
})

describe('an eager member', () => {
  test('drains everything before it joins', () => {
    const t = member({ cooperative: false })
    t.stable(1, p(0, 1))
    const actions = t.refused('REBALANCE_IN_PROGRESS')
    expect(actions).toContainEqual({ kind: 'giveUp', release: 1, partitions: p(0, 1), reason: 'revoked' })
    expect(actions.map((a) => a.kind)).not.toContain('join')
    expect(t.on({ kind: 'released', release: 1, partitions: p(0, 1) })).toContainEqual({
      kind: 'join',
      memberId: 'me',
      generation: 1,
      owned: [],
    })
  })
})

describe('a group that turns eager while the member joins with partitions', () => {
  function turned() {
    const t = member()
    t.stable(1, p(0, 1))
    t.refused('REBALANCE_IN_PROGRESS')
    on(t.m, { kind: 'joined', memberId: 'me', generation: 2, cooperative: false, members: undefined })
    return t
  }

  test('does nothing for them until the assignment says which are still its own', () => {
    const t = turned()
    expect(isSuspended(t.m)).toBe(true)
    const actions = t.on({ kind: 'synced', partitions: p(0) })
    expect(actions).toContainEqual({ kind: 'lose', partitions: p(1) })
    expect(isSuspended(t.m)).toBe(false)
    expect(t.m.owned).toEqual(p(0))
  })

  test.each(['REBALANCE_IN_PROGRESS', 'COORDINATOR_LOAD_IN_PROGRESS'] as const)(
    'loses them if %s comes instead of the assignment',
    (error) => {
      const t = turned()
      expect(t.refused(error)).toContainEqual({ kind: 'lose', partitions: p(0, 1) })
      expect(t.m.owned).toEqual([])
    },
  )
})

describe('losing', () => {
  test.each(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'] as const)(
    '%s on a heartbeat loses all claims at once, before any join',
    (error) => {
      const t = member()
      t.stable(1, p(0))
      expect(t.refused(error).map((a) => a.kind)).toEqual(['lose', 'heartbeats', 'join'])
      expect(t.m.owned).toEqual([])
    },
  )

  test('keeps the flag of a loss that comes in the middle of a release (T17)', () => {
    const t = member()
    t.stable(1, p(0, 1))
    t.refused('REBALANCE_IN_PROGRESS')
    t.joins(2)
    t.on({ kind: 'synced', partitions: p(0) })
    expect(t.refused('UNKNOWN_MEMBER_ID')).toContainEqual({ kind: 'lose', partitions: p(0, 1) })
    expect(t.on({ kind: 'released', release: 1, partitions: p(1) })).toEqual([])
    expect(t.m.releasing).toEqual([])
  })

  test('a commit that is refused with ILLEGAL_GENERATION while a join is under way loses nothing: the group moved on with us', () => {
    const t = member()
    t.stable(1, p(0))
    t.refused('REBALANCE_IN_PROGRESS')
    t.on({ kind: 'joinSent' })
    expect(t.refused('ILLEGAL_GENERATION')).toEqual([])
    expect(t.joins(2).map((a) => a.kind)).toEqual(['sync'])
    expect(t.m.owned).toEqual(p(0))
  })

  test('a commit that is refused with ILLEGAL_GENERATION before the join has left loses everything: the group moved on without us', () => {
    const t = member()
    t.stable(1, p(0))
    t.refused('REBALANCE_IN_PROGRESS')
    expect(t.refused('ILLEGAL_GENERATION')).toEqual([{ kind: 'lose', partitions: p(0) }])
    t.on({ kind: 'joinSent' })
    expect(t.joins(2).map((a) => a.kind)).toEqual(['sync'])
    expect(t.m.owned).toEqual([])
  })

  test('an answer to a request of an earlier generation changes nothing', () => {
    const t = member()
    t.stable(1, p(0))
    t.refused('REBALANCE_IN_PROGRESS')
    t.joins(2)
    t.on({ kind: 'synced', partitions: p(0) })
    expect(t.refused('ILLEGAL_GENERATION', 1)).toEqual([])
    expect(t.m.owned).toEqual(p(0))
  })

  test('FENCED_INSTANCE_ID is the end', () => {
    const t = member()
    t.stable(1, p(0))
    expect(t.refused('FENCED_INSTANCE_ID')).toEqual([
      { kind: 'lose', partitions: p(0) },
      { kind: 'heartbeats', on: false },
      { kind: 'fail', error: 'FENCED_INSTANCE_ID' },
    ])
    expect(t.on({ kind: 'start' })).toEqual([])
  })
})

describe('reaching the coordinator', () => {
  test('a join that cannot be sent is tried again after a pause that grows', () => {
    const t = member()
    t.on({ kind: 'start' })
    expect(t.unreachable()).toContainEqual({ kind: 'backoff', failures: 1 })
    t.on({ kind: 'backoffPassed' })
    expect(t.refused('COORDINATOR_LOAD_IN_PROGRESS')).toContainEqual({ kind: 'backoff', failures: 2 })
  })

  test('a heartbeat that cannot be sent loses nothing: only the coordinator decides', () => {
    const t = member()
    t.stable(1, p(0))
    expect(t.unreachable()).toEqual([])
    expect(t.m.owned).toEqual(p(0))
  })

  test('a member id that the coordinator gives is used at once', () => {
    const t = member()
    t.on({ kind: 'start' })
    expect(t.on({ kind: 'memberIdGiven', memberId: 'me' })).toContainEqual({ kind: 'join', memberId: 'me', generation: -1, owned: [] })
  })
})

describe('stopping', () => {
  test('drains and commits first, leaves then', () => {
    const t = member()
    t.stable(1, p(0))
    expect(t.on({ kind: 'stop' })).toContainEqual({ kind: 'giveUp', release: 1, partitions: p(0), reason: 'shutdown' })
    expect(t.on({ kind: 'released', release: 1, partitions: p(0) })).toContainEqual({ kind: 'leave', memberId: 'me' })
    t.on({ kind: 'left' })
    expect(t.m.phase).toBe('gone')
  })

  test('in the middle of a release waits for the end of both (seed 1840)', () => {
    const t = member()
    t.stable(1, p(0, 1))
    t.refused('REBALANCE_IN_PROGRESS')
    t.joins(2)
    t.on({ kind: 'synced', partitions: p(0) })
    t.on({ kind: 'stop' })
    expect(t.on({ kind: 'released', release: 1, partitions: p(1) })).toEqual([])
    expect(t.on({ kind: 'released', release: 2, partitions: p(0, 1) })).toContainEqual({ kind: 'leave', memberId: 'me' })
  })

  test('in the middle of a join waits for it, takes nothing new, and commits in the new generation', () => {
    const t = member()
    t.stable(1, p(0))
    t.refused('REBALANCE_IN_PROGRESS')
    t.on({ kind: 'joinSent' })
    expect(t.on({ kind: 'stop' })).toEqual([])
    t.joins(2)
    const actions = t.on({ kind: 'synced', partitions: p(0, 1) })
    expect(actions).toContainEqual({ kind: 'giveUp', release: 1, partitions: p(0), reason: 'shutdown' })
    expect(actions.map((a) => a.kind)).not.toContain('take')
  })

  test('before a join has left it is not sent at all: what is held is given up in the old generation', () => {
    const t = member()
    t.stable(1, p(0))
    t.refused('REBALANCE_IN_PROGRESS')
    expect(t.on({ kind: 'stop' })).toContainEqual({ kind: 'giveUp', release: 1, partitions: p(0), reason: 'shutdown' })
  })

  test('a member that was never let in is gone at once', () => {
    const t = member()
    t.on({ kind: 'start' })
    t.on({ kind: 'stop' })
    expect(t.m.phase).toBe('gone')
  })

  test('in the middle of a join that ends eager: what another member has got is lost, not drained', () => {
    const t = member({ cooperative: true })
    t.stable(1, p(0, 1))
    t.refused('REBALANCE_IN_PROGRESS')
    t.on({ kind: 'joinSent' })
    t.on({ kind: 'stop' })
    on(t.m, { kind: 'joined', memberId: 'me', generation: 2, cooperative: false, members: undefined })
    const actions = t.on({ kind: 'synced', partitions: p(0) })
    expect(actions).toContainEqual({ kind: 'lose', partitions: p(1) })
    expect(actions).toContainEqual({ kind: 'giveUp', release: 1, partitions: p(0), reason: 'shutdown' })
  })

  test('a join that is still parked when the time runs out is given up, and the member leaves', () => {
    const t = member()
    t.stable(1, p(0))
    t.refused('REBALANCE_IN_PROGRESS')
    t.on({ kind: 'joinSent' })
    t.on({ kind: 'stop' })
    const actions = t.on({ kind: 'abandon' })
    expect(actions).toContainEqual({ kind: 'lose', partitions: p(0) })
    expect(actions).toContainEqual({ kind: 'leave', memberId: 'me' })
  })
})

describe('a heartbeat that was sent before a join or a sync', () => {
  const outcomes: [string, (t: ReturnType<typeof member>) => unknown][] = [
    ['tells of the rebalance', (t) => t.refused('REBALANCE_IN_PROGRESS', 1, 'Heartbeat')],
    ['is refused by another broker', (t) => t.refused('NOT_COORDINATOR', 1, 'Heartbeat')],
    ['is refused while the coordinator loads', (t) => t.refused('COORDINATOR_LOAD_IN_PROGRESS', 1, 'Heartbeat')],
    ['is not answered', (t) => t.unreachable('Heartbeat')],
  ]

  test.each(outcomes)('and %s leaves the join under way: its answer counts', (_, happens) => {
    const t = member()
    t.stable(1, p(0))
    t.refused('REBALANCE_IN_PROGRESS')
    t.on({ kind: 'joinSent' })
    expect(happens(t)).toEqual([])
    expect(t.joins(2)).toContainEqual({ kind: 'sync', memberId: 'me', generation: 2, members: undefined })
  })

  test.each(outcomes)('and %s leaves the sync under way', (_, happens) => {
    const t = member()
    t.stable(1, p(0))
    t.refused('REBALANCE_IN_PROGRESS')
    t.joins(1)
    expect(happens(t)).toEqual([])
    expect(t.on({ kind: 'synced', partitions: p(0) })).toContainEqual({ kind: 'heartbeats', on: true })
  })
})
