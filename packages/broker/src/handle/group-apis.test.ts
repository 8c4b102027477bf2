import { nodePlatform } from '@tidemark/platform'
import {
  type Api,
  apis,
  decodeRequest,
  decodeResponse,
  ErrorCode,
  encodeRequest,
  encodeResponse,
  errorOf,
  type Infer,
  type InferInput,
} from '@tidemark/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { Session } from '../auth/session.ts'
import { inMemory, ManualClock, type Parts, settle } from '../coordinate/rig.case.ts'
import type { Handler } from '../dispatch/handler.ts'
import { ANONYMOUS, type RequestContext } from '../dispatch/request-context.ts'
import type { Services } from '../dispatch/services.ts'
import { Nodes } from '../metadata/nodes.ts'
import { offsetCommit } from './08-offset-commit.ts'
import { offsetFetch } from './09-offset-fetch.ts'
import { findCoordinator } from './10-find-coordinator.ts'
import { joinGroup } from './11-join-group.ts'
import { heartbeat } from './12-heartbeat.ts'
import { leaveGroup } from './13-leave-group.ts'
import { syncGroup } from './14-sync-group.ts'
import { describeGroups } from './15-describe-groups.ts'
import { listGroups } from './16-list-groups.ts'
import { initProducerId } from './22-init-producer-id.ts'

const ADVERTISED = { host: 'broker.example', port: 9092 }
const UNKNOWN_ID = 'f'.repeat(32)
const NO_OPERATIONS = -2147483648

const clock = new ManualClock()
let broker: Parts
let ordersId: string

beforeEach(async () => {
  broker = await inMemory({ platform: { ...nodePlatform, clock } })
  for (const name of ['orders', 'clicks']) {
    await broker.topics.create({ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] })
  }
  ordersId = broker.topics.byName('orders')!.id
})

const bytesOf = (chunks: readonly Uint8Array[]): Buffer => Buffer.concat(chunks).subarray(4)

/** The request as a client of that version would send it, and the answer as the client would read it. */
async function ask<A extends Api>(h: Handler<A>, version: number, body: InferInput<A['request']>): Promise<Infer<A['response']>> {
  const { clientId, body: request } = decodeRequest(h.api, version, bytesOf(encodeRequest(h.api, version, 1, 'app', body)))
  const context: RequestContext<Services> = {
    version,
    clientId,
    clientHost: '/10.0.0.7',
    principal: ANONYMOUS,
    session: new Session({ mechanisms: [], peerName: undefined, monotonicMs: () => 0 }),
    listener: { name: 'PLAINTEXT', mechanisms: [], advertised: ADVERTISED, addressOf: () => ADVERTISED },
    node: { id: 1, rack: null },
    signal: new AbortController().signal,
    services: {
      ...broker,
      nodes: new Nodes([{ id: 1, rack: null }], broker.topics, broker.options.offsetsPartitions),
      clusterId: '',
      clock: broker.options.platform.clock,
      configs: undefined as never,
      mechanismsOf: undefined as never,
      users: undefined as never,
      authorizer: undefined as never,
      quotas: undefined as never,
      throttle: undefined as never,
      telemetry: undefined as never,
      producerIds: undefined as never,
      outputMemory: undefined as never,
      fetchSessions: undefined as never,
    },
  }
  const answered = Promise.resolve(h.handle(request, context))
  await settle(clock)
  clock.advance(0)
  const answer = await answered
  expect(answer, `an answer of ${h.api.response.name}`).toBeDefined()
  return decodeResponse(h.api, version, bytesOf(encodeResponse(h.api, version, 1, answer!)))
}

const versionsOf = ({ versions: [min, max] }: Handler): number[] => Array.from({ length: max - min + 1 }, (_, i) => min + i)
const nameOf = (errorCode: number): string => errorOf(errorCode).name

const joining = (memberId = '', more: object = {}) => ({
  groupId: 'g',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 30_000,
  memberId,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('topics') }],
  ...more,
})

/** A Stable group of one member, in generation 1. */
async function stable(groupInstanceId: string | null = null): Promise<string> {
  const { memberId } = await ask(joinGroup, groupInstanceId === null ? 3 : 9, joining('', { groupInstanceId }))
  const body = { groupId: 'g', generationId: 1, memberId, groupInstanceId, protocolType: 'consumer', protocolName: 'range' }
  await ask(syncGroup, 5, { ...body, assignments: [{ memberId, assignment: Buffer.from('all') }] })
  return memberId
}

const partition = (partitionIndex: number, more: object = {}) => ({ partitionIndex, committedOffset: 7, committedMetadata: 'm', ...more })

it('serves the versions that Kafka has, and no others', () => {
  const handlers = [offsetCommit, offsetFetch, findCoordinator, joinGroup, heartbeat, leaveGroup, syncGroup, describeGroups, listGroups]
  for (const { api, versions } of handlers as readonly Handler[]) expect(versions).toEqual(api.request.versions)
})

describe('OffsetCommit', () => {
  it.each(versionsOf(offsetCommit))('v%i keeps what it carries, and answers each partition', async (version) => {
    const unknown = version >= 10 ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
    const answer = await ask(offsetCommit, version, {
      groupId: 'g',
      ...(version >= 2 && version <= 4 ? { retentionTimeMs: 5000 } : {}),
      topics: [
        {
          name: 'orders',
          topicId: ordersId,
          partitions: [partition(0, { committedLeaderEpoch: 4 }), partition(2), partition(1), partition(-1)],
        },
        { name: 'nothing', topicId: UNKNOWN_ID, partitions: [partition(0)] },
      ],
    })
    expect(answer.topics.map((t) => t.partitions.map((p) => [p.partitionIndex, nameOf(p.errorCode)]))).toEqual([
      [
        [0, 'NONE'],
        [2, 'UNKNOWN_TOPIC_OR_PARTITION'],
        [1, 'NONE'],
        [-1, 'UNKNOWN_TOPIC_OR_PARTITION'],
      ],
      [[0, unknown]],
    ])
    expect(answer.topics.map((t) => (version >= 10 ? t.topicId : t.name))).toEqual(
      version >= 10 ? [ordersId, UNKNOWN_ID] : ['orders', 'nothing'],
    )
    const { topics } = await broker.groups.fetchOffsets('g', null)
    expect(topics).toMatchObject([
      { name: 'orders', partitions: [{ partition: 0, offset: 7, leaderEpoch: version >= 6 ? 4 : -1, metadata: 'm' }, { partition: 1 }] },
    ])
  })

  it('an offset that is not a safe integer is answered for its partition, and the connection lives on', async () => {
    const frame = bytesOf(
      encodeRequest(apis.OffsetCommit, 9, 1, 'app', {
        groupId: 'g',
        topics: [{ name: 'orders', partitions: [partition(0), partition(1)] }],
      }),
    )
    // The committed offset 7 of the first partition, made too large.
    const at = frame.indexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0, 7]))
    frame.writeBigInt64BE(2n ** 63n - 1n, at)
    const { body } = decodeRequest(apis.OffsetCommit, 9, frame)
    const answer = await ask(offsetCommit, 9, { groupId: 'g', topics: [] })
    expect(answer.topics).toEqual([])
    const context = { version: 9, services: broker, signal: new AbortController().signal } as unknown as RequestContext<Services>
    const decided = await offsetCommit.handle(body, context)
    expect(decided!.topics[0]!.partitions.map((p) => nameOf(p.errorCode))).toEqual(['OFFSET_OUT_OF_RANGE', 'NONE'])
  })

  it('trap 35: a generation for a group that does not exist is GROUP_ID_NOT_FOUND from v9 on, before ILLEGAL_GENERATION', async () => {
    const body = {
      groupId: 'x',
      generationIdOrMemberEpoch: 1,
      memberId: 'm',
      topics: [{ name: 'orders', topicId: ordersId, partitions: [partition(0)] }],
    }
    const error = async (version: number) => nameOf((await ask(offsetCommit, version, body)).topics[0]!.partitions[0]!.errorCode)
    expect([await error(1), await error(8), await error(9), await error(10)]).toEqual([
      'ILLEGAL_GENERATION',
      'ILLEGAL_GENERATION',
      'GROUP_ID_NOT_FOUND',
      'GROUP_ID_NOT_FOUND',
    ])
  })

  it('v0 has no generation: it is let in only while the group is Empty', async () => {
    const body = { groupId: 'g', topics: [{ name: 'orders', partitions: [partition(0)] }] }
    expect((await ask(offsetCommit, 0, body)).topics[0]!.partitions[0]!.errorCode).toBe(ErrorCode.NONE)
    await stable()
    expect(nameOf((await ask(offsetCommit, 0, body)).topics[0]!.partitions[0]!.errorCode)).toBe('UNKNOWN_MEMBER_ID')
  })

  it('v1 may say when; v7 names a static member, and an old one is fenced', async () => {
    const memberId = await stable('i')
    const topics = [{ name: 'orders', partitions: [partition(0, { commitTimestamp: 5 })] }]
    const who = { groupId: 'g', generationIdOrMemberEpoch: 1, memberId, groupInstanceId: 'i' }
    const error = async (version: number, more: object) =>
      nameOf((await ask(offsetCommit, version, { ...who, ...more, topics })).topics[0]!.partitions[0]!.errorCode)
    expect(await error(1, {})).toBe('NONE')
    expect(await error(7, {})).toBe('NONE')
    expect(await error(7, { memberId: 'old' })).toBe('FENCED_INSTANCE_ID')
    expect(await error(6, { memberId: 'old' })).toBe('UNKNOWN_MEMBER_ID')
    expect(await error(7, { generationIdOrMemberEpoch: 2 })).toBe('ILLEGAL_GENERATION')
  })
})

describe('OffsetFetch', () => {
  const fetched = (p: { committedOffset: number; committedLeaderEpoch: number; metadata: string | null; errorCode: number }) => [
    p.committedOffset,
    p.committedLeaderEpoch,
    p.metadata,
    nameOf(p.errorCode),
  ]

  beforeEach(async () => {
    await ask(offsetCommit, 9, { groupId: 'g', topics: [{ name: 'orders', partitions: [partition(0, { committedLeaderEpoch: 4 })] }] })
  })

  it.each([0, 1, 2, 3, 4, 5, 6, 7])('trap 36: v%i gives what is committed, and for the rest -1, no metadata, no error', async (version) => {
    const answer = await ask(offsetFetch, version, { groupId: 'g', topics: [{ name: 'orders', partitionIndexes: [0, 1] }] })
    expect(answer.errorCode).toBe(ErrorCode.NONE)
    expect(answer.topics.map((t) => t.partitions.map(fetched))).toEqual([
      [
        [7, version >= 5 ? 4 : -1, 'm', 'NONE'],
        [-1, -1, '', 'NONE'],
      ],
    ])
  })

  it.each([2, 3, 4, 5, 6, 7])('trap 36: v%i without topics gives all', async (version) => {
    const answer = await ask(offsetFetch, version, { groupId: 'g', topics: null })
    expect(answer.topics.map((t) => [t.name, t.partitions.length])).toEqual([['orders', 1]])
    expect((await ask(offsetFetch, version, { groupId: 'g', topics: [] })).topics).toEqual([])
  })

  it.each([8, 9])('trap 36: v%i asks for several groups at once', async (version) => {
    const answer = await ask(offsetFetch, version, {
      groups: [
        { groupId: 'g', topics: [{ name: 'orders', partitionIndexes: [0, 1] }] },
        { groupId: 'g', topics: null },
        { groupId: 'unknown', topics: [{ name: 'orders', partitionIndexes: [0] }] },
        { groupId: 'unknown', topics: null },
      ],
      requireStable: true,
    })
    expect(answer.groups.map((g) => [g.groupId, nameOf(g.errorCode), g.topics.map((t) => [t.name, t.partitions.map(fetched)])])).toEqual([
      [
        'g',
        'NONE',
        [
          [
            'orders',
            [
              [7, 4, 'm', 'NONE'],
              [-1, -1, '', 'NONE'],
            ],
          ],
        ],
      ],
      ['g', 'NONE', [['orders', [[7, 4, 'm', 'NONE']]]]],
      ['unknown', 'NONE', [['orders', [[-1, -1, '', 'NONE']]]]],
      ['unknown', 'NONE', []],
    ])
  })

  it('trap 36: v10 asks by topic id, and an unknown id is an error of its partitions', async () => {
    const topics = [
      { topicId: UNKNOWN_ID, partitionIndexes: [3] },
      { topicId: ordersId, partitionIndexes: [0] },
    ]
    const answer = await ask(offsetFetch, 10, {
      groups: [
        { groupId: 'g', topics },
        { groupId: 'g', topics: null },
      ],
    })
    expect(answer.groups.map((g) => g.topics.map((t) => [t.topicId, t.partitions.map(fetched)]))).toEqual([
      [
        [UNKNOWN_ID, [[-1, -1, '', 'UNKNOWN_TOPIC_ID']]],
        [ordersId, [[7, 4, 'm', 'NONE']]],
      ],
      [[ordersId, [[7, 4, 'm', 'NONE']]]],
    ])
  })
})

describe('FindCoordinator', () => {
  it.each([0, 1, 2, 3])('v%i: this node coordinates every group', async (version) => {
    const answer = await ask(findCoordinator, version, { key: 'g' })
    expect(answer).toMatchObject({ errorCode: 0, nodeId: 1, host: 'broker.example', port: 9092 })
    expect(nameOf((await ask(findCoordinator, version, { key: '' })).errorCode)).toBe('INVALID_GROUP_ID')
    if (version === 0) return
    const share = await ask(findCoordinator, version, { key: 's', keyType: 2 })
    expect(share).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST, nodeId: -1, host: '', port: -1 })
    expect(share.errorMessage).not.toBe('')
  })

  it.each(versionsOf(findCoordinator).slice(1))(
    'v%i: a transactional producer finds this node, and InitProducerId tells it at once that transactions are not served',
    async (version) => {
      const answer = await ask(findCoordinator, version, { key: 't', coordinatorKeys: ['t'], keyType: 1 })
      const found = version >= 4 ? answer.coordinators[0]! : answer
      expect(found).toMatchObject({ errorCode: 0, nodeId: 1, host: 'broker.example', port: 9092 })
      for (const initVersion of versionsOf(initProducerId)) {
        const init = await ask(initProducerId, initVersion, { transactionalId: 't', transactionTimeoutMs: 1000 })
        expect(nameOf(init.errorCode)).toBe('UNSUPPORTED_VERSION')
      }
    },
  )

  it.each([4, 5, 6])('v%i answers several keys', async (version) => {
    const answer = await ask(findCoordinator, version, { coordinatorKeys: ['a', '', 'b'] })
    expect(answer.coordinators.map((c) => [c.key, nameOf(c.errorCode), c.nodeId, c.host, c.port])).toEqual([
      ['a', 'NONE', 1, 'broker.example', 9092],
      ['', 'INVALID_GROUP_ID', -1, '', -1],
      ['b', 'NONE', 1, 'broker.example', 9092],
    ])
    const shares = await ask(findCoordinator, version, { keyType: 2, coordinatorKeys: ['s'] })
    expect(shares.coordinators.map((c) => nameOf(c.errorCode))).toEqual(['INVALID_REQUEST'])
  })
})

describe('JoinGroup', () => {
  it.each(versionsOf(joinGroup))('v%i: a new member joins, from v4 on with an id that it is given first', async (version) => {
    let answer = await ask(joinGroup, version, joining())
    if (version >= 4) {
      expect(nameOf(answer.errorCode)).toBe('MEMBER_ID_REQUIRED')
      expect(answer).toMatchObject({ generationId: -1, protocolName: version >= 7 ? null : '', leader: '' })
      answer = await ask(joinGroup, version, joining(answer.memberId))
    }
    expect(answer).toMatchObject({
      errorCode: 0,
      generationId: 1,
      protocolType: version >= 7 ? 'consumer' : null,
      protocolName: 'range',
      leader: answer.memberId,
      skipAssignment: false,
      members: [{ memberId: answer.memberId, groupInstanceId: null }],
    })
    expect(answer.memberId).toMatch(/^app-/)
    expect(String(answer.members[0]!.metadata)).toBe('topics')
  })

  it('v0 has no rebalance time-out: it is the session time-out', async () => {
    await ask(joinGroup, 0, joining())
    expect((await broker.groups.describe('g')) as object).toMatchObject({ members: [{ clientHost: '/10.0.0.7', clientId: 'app' }] })
    await ask(joinGroup, 1, { ...joining(), groupId: 'one' })
    // A member that never asks for its assignment is removed after the rebalance time-out.
    clock.advance(9_999)
    const { groups } = await ask(describeGroups, 5, { groups: ['g', 'one'] })
    expect(groups.map((g) => g.groupState)).toEqual(['CompletingRebalance', 'CompletingRebalance'])
    clock.advance(1)
    const later = await ask(describeGroups, 5, { groups: ['g'] })
    expect(later.groups[0]!.groupState).toBe('Empty')
  })

  it.each([5, 6, 7, 8, 9])('v%i: a static member that comes back keeps its place; v9 skips the assignment', async (version) => {
    const old = await stable('i')
    const answer = await ask(joinGroup, version, joining('', { groupInstanceId: 'i' }))
    expect(answer).toMatchObject({
      errorCode: 0,
      generationId: 1,
      skipAssignment: version >= 9,
      leader: version >= 9 ? answer.memberId : old,
    })
    expect(answer.members).toHaveLength(version >= 9 ? 1 : 0)
    const fenced = await ask(joinGroup, version, joining(old, { groupInstanceId: 'i' }))
    expect([nameOf(fenced.errorCode), fenced.memberId]).toEqual(['FENCED_INSTANCE_ID', old])
  })
})

describe('SyncGroup, Heartbeat, LeaveGroup', () => {
  it.each(versionsOf(syncGroup))('SyncGroup v%i gives the assignment; v5 has to name the protocol', async (version) => {
    const memberId = await stable()
    const body = { groupId: 'g', generationId: 1, memberId, assignments: [] }
    const answer = await ask(syncGroup, version, { ...body, protocolType: 'consumer', protocolName: 'range' })
    expect([answer.errorCode, String(answer.assignment)]).toEqual([0, 'all'])
    expect(answer).toMatchObject(
      version >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : { protocolType: null, protocolName: null },
    )
    expect(nameOf((await ask(syncGroup, version, body)).errorCode)).toBe(version >= 5 ? 'INCONSISTENT_GROUP_PROTOCOL' : 'NONE')
    expect(
      nameOf((await ask(syncGroup, version, { ...body, groupId: '', protocolType: 'consumer', protocolName: 'range' })).errorCode),
    ).toBe('INVALID_GROUP_ID')
  })

  it.each(versionsOf(heartbeat))('Heartbeat v%i; from v3 on a fenced instance is told', async (version) => {
    const memberId = await stable('i')
    const error = async (body: object) =>
      nameOf((await ask(heartbeat, version, { groupId: 'g', generationId: 1, memberId, ...body })).errorCode)
    expect(await error({})).toBe('NONE')
    expect(await error({ generationId: 2 })).toBe('ILLEGAL_GENERATION')
    expect(await error({ memberId: 'old', groupInstanceId: 'i' })).toBe(version >= 3 ? 'FENCED_INSTANCE_ID' : 'UNKNOWN_MEMBER_ID')
    expect(await error({ groupId: 'unknown' })).toBe('UNKNOWN_MEMBER_ID')
  })

  it.each([0, 1, 2])('LeaveGroup v%i takes one member, and its error is that of the answer', async (version) => {
    const memberId = await stable()
    expect(nameOf((await ask(leaveGroup, version, { groupId: 'g', memberId: 'nobody' })).errorCode)).toBe('UNKNOWN_MEMBER_ID')
    expect(nameOf((await ask(leaveGroup, version, { groupId: 'unknown', memberId })).errorCode)).toBe('UNKNOWN_MEMBER_ID')
    expect(nameOf((await ask(leaveGroup, version, { groupId: 'g', memberId })).errorCode)).toBe('NONE')
    expect((await ask(describeGroups, 0, { groups: ['g'] })).groups[0]!.groupState).toBe('Empty')
  })

  it.each([3, 4, 5])('trap 34: LeaveGroup v%i takes several', async (version) => {
    const memberId = await stable('i')
    const members = [
      { memberId: 'nobody', groupInstanceId: null },
      { memberId, groupInstanceId: 'i' },
    ]
    const answer = await ask(leaveGroup, version, { groupId: 'g', members })
    expect(answer.errorCode).toBe(ErrorCode.NONE)
    expect(answer.members.map((m) => [m.memberId, m.groupInstanceId, nameOf(m.errorCode)])).toEqual([
      ['nobody', null, 'UNKNOWN_MEMBER_ID'],
      [memberId, 'i', 'NONE'],
    ])
    const unknown = await ask(leaveGroup, version, { groupId: 'unknown', members })
    expect([unknown.errorCode, ...unknown.members.map((m) => nameOf(m.errorCode))]).toEqual([0, 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'])
  })
})

describe('DescribeGroups and ListGroups', () => {
  it.each(versionsOf(describeGroups))(
    'trap 37: DescribeGroups v%i shows members; a group that does not exist is Dead, from v6 on GROUP_ID_NOT_FOUND',
    async (version) => {
      const memberId = await stable('i')
      const { groups } = await ask(describeGroups, version, { groups: ['g', 'unknown'] })
      expect(groups[0]).toMatchObject({
        errorCode: 0,
        groupId: 'g',
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'range',
        authorizedOperations: NO_OPERATIONS,
        members: [{ memberId, groupInstanceId: version >= 4 ? 'i' : null, clientId: 'app', clientHost: '/10.0.0.7' }],
      })
      const [member] = groups[0]!.members
      expect([String(member!.memberMetadata), String(member!.memberAssignment)]).toEqual(['topics', 'all'])
      expect(groups[1]).toMatchObject({ groupId: 'unknown', groupState: 'Dead', members: [] })
      expect(nameOf(groups[1]!.errorCode)).toBe(version >= 6 ? 'GROUP_ID_NOT_FOUND' : 'NONE')
      expect(groups[1]!.errorMessage).toBe(version >= 6 ? 'Group unknown not found.' : null)
    },
  )

  it('a group that is not Stable shows neither its protocol nor what members said', async () => {
    const { memberId } = await ask(joinGroup, 3, joining())
    const { groups } = await ask(describeGroups, 6, { groups: ['g'] })
    expect(groups[0]).toMatchObject({
      groupState: 'CompletingRebalance',
      protocolType: 'consumer',
      protocolData: '',
      members: [{ memberId }],
    })
    expect(groups[0]!.members[0]!.memberMetadata).toHaveLength(0)
  })

  it.each(versionsOf(listGroups))('ListGroups v%i; v4 shows and filters states, v5 types', async (version) => {
    await stable()
    await ask(offsetCommit, 2, { groupId: 'simple', topics: [{ name: 'orders', partitions: [partition(0)] }] })
    const list = async (body: object) => (await ask(listGroups, version, body)).groups.sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
    expect(await list({})).toMatchObject([
      { groupId: 'g', protocolType: 'consumer', groupState: version >= 4 ? 'Stable' : '', groupType: version >= 5 ? 'classic' : '' },
      { groupId: 'simple', protocolType: '', groupState: version >= 4 ? 'Empty' : '', groupType: version >= 5 ? 'classic' : '' },
    ])
    if (version >= 4) expect((await list({ statesFilter: ['stable'] })).map((g) => g.groupId)).toEqual(['g'])
    if (version >= 5) expect(await list({ typesFilter: ['consumer'] })).toEqual([])
  })
})
