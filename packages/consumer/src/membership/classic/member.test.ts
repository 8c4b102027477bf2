import { encodeAssignment, encodeSubscription } from '@tidemark/client/internal'
import { TidemarkError } from '@tidemark/platform'
import { ErrorCode, type ErrorName } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import { scriptedCluster, turn } from '../../testing/scripted-cluster.case.ts'
import type { ReleaseLimit } from '../membership.ts'
import { ClassicMember, type MemberOptions } from './member.ts'

const SUBSCRIPTION = encodeSubscription({ topics: ['t'], owned: [], generation: -1 })
const places = (...partitions: number[]) => partitions.map((partition) => ({ topic: 't', partition }))

function memberOf(options: Partial<MemberOptions> = {}) {
  const script = scriptedCluster(4)
  const told: string[] = []
  const limits: ReleaseLimit[] = []
  const releases: (() => void)[] = []
  const failures: unknown[] = []
  let commit = Promise.resolve()
  const names = (partitions: readonly { partition: number }[]): string => partitions.map((p) => p.partition).join(',')
  const member = new ClassicMember(
    {
      group: 'g',
      instanceId: undefined,
      topics: ['t'],
      assignors: ['cooperative-sticky', 'range'],
      sessionTimeoutMs: 10_000,
      heartbeatIntervalMs: 1_000,
      rebalanceTimeoutMs: 20_000,
      shutdownTimeoutMs: 5_000,
      startTimeoutMs: 30_000,
      requestTimeoutMs: 30_000,
      ...options,
    },
    script.cluster,
    script.clock,
    script.random,
    {
      assigned: (partitions) => told.push(`assigned ${names(partitions)}`),
      giveUp: (partitions, reason, limit) => {
        told.push(`give up ${names(partitions)}: ${reason}`)
        limits.push(limit)
        return new Promise((resolve) => releases.push(resolve))
      },
      hasten: (limit) => {
        told.push('hasten')
        limits.push(limit)
      },
      lost: (partitions) => told.push(`lost ${names(partitions)}`),
      joined: (generation) => told.push(`joined ${generation}`),
      rebalancing: () => {},
      commitBeforeJoin: () => {
        told.push('commit before join')
        return commit
      },
      trusted: () => told.push('trusted'),
      failing: (request, error, attempts) => told.push(`${request} failed ${attempts}: ${error.code}`),
      warning: (cause) => told.push(`warning: ${cause}`),
      failed: (error) => failures.push(error),
      left: () => told.push('left'),
    },
  )
  const t = {
    ...script,
    member,
    told,
    limits,
    releases,
    failures,
    holdCommit: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      commit = promise
      return resolve
    },
    async pass(ms: number) {
      script.clock.advance(ms)
      await turn()
    },
    async joined(generation: number, protocolName = 'cooperative-sticky', leader = 'other') {
      const members = leader === 'me' ? [{ memberId: 'me', groupInstanceId: null, metadata: SUBSCRIPTION }] : []
      const answer = { errorCode: 0, generationId: generation, protocolName, leader, memberId: 'me', members, skipAssignment: false }
      await script.sent('JoinGroup').answer(answer)
    },
    async synced(...partitions: number[]) {
      await script.sent('SyncGroup').answer({ errorCode: 0, assignment: encodeAssignment(places(...partitions)) })
    },
    refuse: (api: string, name: ErrorName) => script.sent(api).answer({ errorCode: ErrorCode[name], assignment: Buffer.alloc(0) }),
    /** Joined and stable, with these partitions. */
    async stable(protocolName: string, ...partitions: number[]) {
      member.start()
      await turn()
      await t.joined(1, protocolName)
      await t.synced(...partitions)
      told.length = 0
    },
  }
  return t
}

describe('signs of life', () => {
  async function silent() {
    const t = memberOf()
    await t.stable('cooperative-sticky', 0)
    await t.pass(1_000) // a heartbeat leaves, and is not answered
    await t.pass(10_500)
    expect(t.member.isDoubtful).toBe(true)
    return t
  }

  test.each(['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS', 'UNKNOWN_SERVER_ERROR'] as const)(
    'an answer of %s is none: a broker that does not coordinate the group knows nothing of its members',
    async (name) => {
      const t = await silent()
      await t.refuse('Heartbeat', name)
      expect(t.member.isDoubtful).toBe(true)
      expect(t.told).not.toContain('trusted')
    },
  )

  test('an answer that was sent for long proves only that the member lived when its request arrived', async () => {
    const t = await silent()
    await t.refuse('Heartbeat', 'NONE')
    expect(t.member.isDoubtful).toBe(true) // the request is older than a session may be
    await t.pass(1_000)
    await t.refuse('Heartbeat', 'NONE')
    expect(t.member.isDoubtful).toBe(false)
    expect(t.told).toContain('trusted')
  })
})

describe('how long giving up may take', () => {
  test('eager: counted from when the group was last known to be stable, not from the heartbeat that told of the rebalance', async () => {
    const t = memberOf()
    await t.stable('range', 0)
    await t.pass(1_000)
    await t.refuse('Heartbeat', 'NONE')
    await t.pass(1_000)
    await t.pass(700) // the heartbeat of 2,000 ms is answered late
    await t.refuse('Heartbeat', 'REBALANCE_IN_PROGRESS')
    expect(t.told).toEqual(['give up 0: revoked'])
    expect(t.limits).toEqual([{ beginMs: 1_000, timeoutMs: 20_000 }])
  })

  test('cooperative: a rebalance that begins while partitions are drained limits what is under way', async () => {
    const t = memberOf()
    await t.stable('cooperative-sticky', 0, 1)
    await t.pass(1_000)
    await t.refuse('Heartbeat', 'REBALANCE_IN_PROGRESS')
    await t.joined(2)
    await t.synced(0)
    expect(t.told).toContain('give up 1: revoked')
    await t.pass(1_000)
    await t.refuse('Heartbeat', 'NONE')
    await t.pass(1_000)
    await t.refuse('Heartbeat', 'REBALANCE_IN_PROGRESS')
    expect(t.told).toContain('hasten')
    expect(t.limits.at(-1)).toEqual({ beginMs: 2_000, timeoutMs: 20_000 })
  })
})

describe('a rebalance', () => {
  test('begins with a commit of what is done, and the join leaves after it', async () => {
    const t = memberOf()
    await t.stable('cooperative-sticky', 0)
    const committed = t.holdCommit()
    await t.pass(1_000)
    await t.refuse('Heartbeat', 'REBALANCE_IN_PROGRESS')
    expect(t.told).toEqual(['commit before join'])
    expect(t.open).toEqual([])
    committed()
    await turn()
    expect(t.sent('JoinGroup').body.memberId).toBe('me')
  })

  test('does not wait long for a commit that is not answered', async () => {
    const t = memberOf()
    await t.stable('cooperative-sticky', 0)
    t.holdCommit()
    await t.pass(1_000)
    await t.refuse('Heartbeat', 'REBALANCE_IN_PROGRESS')
    await t.pass(1_000)
    expect(t.sent('JoinGroup')).toBeDefined()
  })

  test('the late end of an earlier release completes nothing', async () => {
    const t = memberOf()
    await t.stable('cooperative-sticky', 0)
    await t.pass(1_000)
    await t.refuse('Heartbeat', 'REBALANCE_IN_PROGRESS')
    await t.joined(2)
    await t.synced() // the first release, of partition 0, begins and hangs
    await t.pass(1_000)
    await t.refuse('Heartbeat', 'ILLEGAL_GENERATION') // expelled: partition 0 is lost
    await t.joined(4)
    await t.synced(0) // it is ours again, as another claim
    await t.pass(1_000)
    await t.refuse('Heartbeat', 'REBALANCE_IN_PROGRESS')
    await t.joined(5)
    await t.synced() // the second release begins
    t.releases[0]!()
    await turn()
    expect(t.open.filter((r) => r.api === 'JoinGroup')).toEqual([])
    t.releases[1]!()
    await turn()
    expect(t.sent('JoinGroup').body.generationId).toBe(undefined)
  })
})

describe('the first answer', () => {
  test('if none comes, the start ends with UNREACHABLE, and every attempt is told', async () => {
    const t = memberOf()
    t.member.start()
    for (let passed = 0; passed < 30_000; passed += 1_000) {
      await turn()
      if (t.open.length > 0) await t.sent('JoinGroup').fail(t.unreachable())
      await t.pass(1_000)
    }
    expect(t.failures).toMatchObject([{ code: 'UNREACHABLE' }])
    expect(t.told).toContain('JoinGroup failed 2: UNREACHABLE')
  })

  test('a join that the coordinator holds back for other members is none the less under way', async () => {
    const t = memberOf()
    t.member.start()
    await turn()
    await t.pass(60_000)
    expect(t.failures).toEqual([])
    await t.joined(1)
    await t.pass(60_000)
    expect(t.failures).toEqual([])
  })

  test.each(['POLICY_VIOLATION', 'GROUP_AUTHORIZATION_FAILED', 'GROUP_MAX_SIZE_REACHED', 'INVALID_GROUP_ID'] as const)(
    '%s is final, and says so at once',
    async (name) => {
      const t = memberOf()
      t.member.start()
      await turn()
      await t.refuse('JoinGroup', name)
      expect(t.failures).toMatchObject([{ code: name }])
    },
  )

  test('an error that no retry can fix ends the run: the client was closed, or there is a bug', async () => {
    for (const error of [new TidemarkError('CLOSED', 'closed'), new TypeError('x is undefined')]) {
      const t = memberOf()
      t.member.start()
      await turn()
      await t.sent('JoinGroup').fail(error)
      expect(t.failures).toEqual([error])
    }
  })
})

describe('a leader', () => {
  test('gives nothing to a member whose subscription it cannot read, says so, and works on with the others', async () => {
    const t = memberOf()
    t.member.start()
    await turn()
    await t.sent('JoinGroup').answer({
      errorCode: 0,
      generationId: 1,
      protocolName: 'range',
      leader: 'me',
      memberId: 'me',
      skipAssignment: false,
      members: [
        { memberId: 'me', groupInstanceId: null, metadata: SUBSCRIPTION },
        { memberId: 'foreign', groupInstanceId: null, metadata: Buffer.from([0, 1, 0xff]) },
      ],
    })
    const { assignments } = t.sent('SyncGroup').body
    expect(assignments).toEqual([
      { memberId: 'me', assignment: encodeAssignment(places(0, 1)) },
      { memberId: 'foreign', assignment: encodeAssignment([]) },
    ])
    expect(t.told).toContain('warning: unreadable subscription of foreign')
  })

  test('that may not see a topic says that it assigns nothing of it', async () => {
    const t = memberOf()
    t.views.set('t', { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, partitions: [] })
    t.member.start()
    await turn()
    await t.joined(1, 'range', 'me')
    expect(t.sent('SyncGroup').body.assignments).toEqual([{ memberId: 'me', assignment: encodeAssignment([]) }])
    expect(t.told).toContain('warning: topic t cannot be assigned')
  })

  test('whose assignment cannot be read ends the run', async () => {
    const t = memberOf()
    t.member.start()
    await turn()
    await t.joined(1)
    await t.sent('SyncGroup').answer({ errorCode: 0, assignment: Buffer.from([0, 0, 0xff]) })
    expect(t.failures).toMatchObject([{ code: 'PROTOCOL_ERROR' }])
  })
})

describe('the end', () => {
  test('what waits to be sent when the run is over is not sent any more', async () => {
    const t = memberOf()
    t.member.start()
    await turn()
    const { signal } = t.sent('JoinGroup')
    expect(signal?.aborted).toBe(false)
    t.member.close()
    expect(signal?.aborted).toBe(true)
  })

  test('a stop while the coordinator cannot be found does not wait for it', async () => {
    const t = memberOf()
    t.holdSend()
    t.member.start()
    await turn()
    t.member.stop()
    expect(t.told).toEqual(['left'])
    await t.letSend()
    expect(t.open).toEqual([])
  })

  test('leaving is not waited for longer than it is worth', async () => {
    const t = memberOf()
    await t.stable('cooperative-sticky')
    t.member.stop()
    await turn()
    expect(t.sent('LeaveGroup')).toBeDefined()
  })

  test('no timer is left behind, whatever is under way', async () => {
    const t = memberOf()
    await t.stable('cooperative-sticky', 0)
    await t.pass(1_000)
    t.member.close()
    expect(t.clock.pending).toBe(0)
    await t.refuse('Heartbeat', 'UNKNOWN_MEMBER_ID')
    expect(t.told).toEqual([])
    expect(t.clock.pending).toBe(0)
  })
})
