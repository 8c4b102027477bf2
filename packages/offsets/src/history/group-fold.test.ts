import { encodeAssignment } from '@tidemark/client/internal'
import { type StoredGroup, type StoredOffset, ZERO_UUID } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { GroupFold } from './group-fold.ts'
import type { GroupRecord, LoggedRecord } from './offsets-topic.ts'

const DAY = 86_400_000
const TOPIC_ID = '0'.repeat(31) + '1'

const fold = () => new GroupFold('g', 7 * DAY, new Map([['t', TOPIC_ID]]))
const logged = (record: GroupRecord, timestampMs = 0, isTransactional = false): LoggedRecord => ({
  partition: 0,
  record,
  timestampMs,
  isTransactional,
})

const value = (offset: number, commitTimestamp = 0, expireTimestamp = -1): StoredOffset => ({
  offset,
  leaderEpoch: 2,
  metadata: 'm',
  commitTimestamp,
  expireTimestamp,
  topicId: ZERO_UUID,
})
const offset = (it: StoredOffset | null, partition = 0): GroupRecord => ({
  kind: 'offset',
  key: { group: 'g', topic: 't', partition },
  value: it,
})

const group = (members: [memberId: string, partitions: number[]][], currentStateTimestamp = 0): GroupRecord => ({
  kind: 'group',
  group: 'g',
  value: {
    protocolType: 'consumer',
    generation: 1,
    protocol: 'range',
    leader: null,
    currentStateTimestamp,
    members: members.map(([memberId, partitions]) => ({
      memberId,
      groupInstanceId: null,
      clientId: `${memberId}-client`,
      clientHost: '/h',
      rebalanceTimeout: 1,
      sessionTimeout: 1,
      subscription: Buffer.alloc(0),
      assignment: encodeAssignment(partitions.map((partition) => ({ topic: 't', partition }))),
    })),
  } satisfies StoredGroup,
})

describe('who committed', () => {
  it('a member that owned the partition then, no matter who owns it later', () => {
    const it = fold()
    it.apply(
      logged(
        group([
          ['a', [0]],
          ['b', [1]],
        ]),
      ),
    )
    expect(it.apply(logged(offset(value(3, 10))))).toMatchObject({ kind: 'member', from: null, to: 3, atMs: 10, member: { memberId: 'a' } })
    expect(it.apply(logged(offset(value(4), 1)))).toMatchObject({ kind: 'member', member: { memberId: 'b' } })
    it.apply(logged(group([['b', [0, 1]]])))
    expect(it.apply(logged(offset(value(5))))).toMatchObject({
      from: 3,
      to: 5,
      member: { memberId: 'b', clientId: 'b-client', host: '/h' },
    })
  })

  it('a member of KIP-848, which owns partitions by the id of their topic', () => {
    const it = fold()
    const member = {
      instanceId: null,
      rackId: null,
      clientId: 'c',
      clientHost: '/h',
      subscribedTopicNames: ['t'],
      subscribedTopicRegex: null,
    }
    it.apply(logged({ kind: 'modern-group', group: 'g', isGone: false }))
    it.apply(
      logged({
        kind: 'member',
        group: 'g',
        memberId: 'a',
        value: { ...member, rebalanceTimeoutMs: 1, serverAssignor: null, classicMemberMetadata: null },
      }),
    )
    const assignedPartitions = [{ topicId: TOPIC_ID, partitions: [0], assignmentEpochs: null }]
    const assignment = { memberEpoch: 1, previousMemberEpoch: 0, state: 0, assignedPartitions, partitionsPendingRevocation: [] }
    it.apply(logged({ kind: 'assignment', group: 'g', memberId: 'a', value: assignment }))
    expect(it.apply(logged(offset(value(3))))).toMatchObject({ kind: 'member', member: { memberId: 'a', clientId: 'c' } })
    expect(it.apply(logged(offset(value(3), 1)))).toMatchObject({ kind: 'member', member: null })
    it.apply(logged({ kind: 'member', group: 'g', memberId: 'a', value: null }, 50))
    expect(it.apply(logged(offset(value(4))))).toMatchObject({ kind: 'outside', member: null })
    expect(it.emptySinceMs).toBe(50)
  })

  it('a tool, while the group has no members; a transaction, no matter who made it', () => {
    const it = fold()
    expect(it.apply(logged(offset(value(3))))).toMatchObject({ kind: 'outside' })
    it.apply(logged(group([['a', [0]]])))
    it.apply(logged(group([], 70)))
    expect(it.emptySinceMs).toBe(70)
    expect(it.apply(logged(offset(value(4))))).toMatchObject({ kind: 'outside' })
    it.apply(logged(group([['a', [0]]])))
    expect(it.emptySinceMs).toBeUndefined()
    expect(it.apply(logged(offset(value(5)), 0, true))).toMatchObject({ kind: 'transactional', member: { memberId: 'a' } })
  })

  it('an assignment that is not Kafka’s owns nothing', () => {
    const it = fold()
    const record = group([['a', []]])
    if (record.kind !== 'group') throw new Error('not a group')
    const broken = record.value!.members.map((member) => ({ ...member, assignment: Buffer.from([0, 1, 9]) }))
    it.apply(logged({ ...record, value: { ...record.value!, members: broken } }))
    expect(it.apply(logged(offset(value(3))))).toMatchObject({ kind: 'member', member: null })
  })
})

describe('how an offset ends', () => {
  it.each<[string, GroupRecord[], StoredOffset, number, string]>([
    ['a week after its commit, of a group that only commits', [], value(3, 0), 7 * DAY, 'expired'],
    ['sooner', [], value(3, 0), 7 * DAY - 1, 'deleted'],
    ['a week after the group became empty', [group([], DAY)], value(3, 0), 8 * DAY, 'expired'],
    ['sooner, though its commit is older', [group([], DAY)], value(3, 0), 7 * DAY, 'deleted'],
    ['while the group has members', [group([['a', [0]]])], value(3, 0), 30 * DAY, 'deleted'],
    ['at the time that its commit asked for', [], value(3, 0, 100), 100, 'expired'],
  ])('%s', (_, before, committed, atMs, kind) => {
    const it = fold()
    for (const record of before) it.apply(logged(record))
    it.apply(logged(offset(committed)))
    expect(it.apply(logged(offset(null), atMs))).toMatchObject({ kind, from: 3, to: null, atMs, metadata: null, member: null })
    expect(it.offsets.size).toBe(0)
  })

  it('a tombstone of what is not known is not an event', () => {
    expect(fold().apply(logged(offset(null)))).toBeUndefined()
  })
})

it('a commit that goes back is marked', () => {
  const it = fold()
  expect([3, 3, 1, 5].map((to) => it.apply(logged(offset(value(to))))!.jump)).toEqual([null, null, 'back', null])
})
