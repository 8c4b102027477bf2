import { ErrorCode, ZERO_UUID } from '@tidemark/protocol'
import { describe, expect, test } from 'vitest'
import type { FetchSession, ReadFacts } from './session.ts'
import { type FetchContext, type FetchSessionLimits, FetchSessions } from './sessions.ts'

const MINUTE_MS = 60_000

const partitionAt = (partition: number, fetchOffset = 0) => ({
  partition,
  currentLeaderEpoch: -1,
  fetchOffset,
  lastFetchedEpoch: -1,
  logStartOffset: -1,
  partitionMaxBytes: 100,
  replicaDirectoryId: ZERO_UUID,
  highWatermark: 0n,
})
const topicOf = (topic: string, ...partitions: (readonly [partition: number, offset: number])[]) => ({
  topic,
  topicId: ZERO_UUID,
  partitions: partitions.map(([partition, offset]) => partitionAt(partition, offset)),
})
const forgotten = (topic: string, ...partitions: number[]) => ({ topic, topicId: ZERO_UUID, partitions })
const read = (facts: Partial<ReadFacts> = {}): ReadFacts => ({
  code: ErrorCode.NONE,
  bytes: 0,
  highWatermark: 10,
  logStartOffset: 0,
  diverging: undefined,
  ...facts,
})

function setUp(limits: Partial<FetchSessionLimits> = {}) {
  let id = 0
  const sessions = new FetchSessions({ fetchSessionsMax: 10, fetchSessionPartitionsMax: 1000, ...limits }, () => ++id)
  const create = (size: number, nowMs: number, { privileged = false, usesTopicIds = false } = {}): number => {
    const topics = [topicOf('t', ...Array.from({ length: size }, (_, i) => [i, 0] as const))]
    return sessions.create({ privileged, usesTopicIds, topics, reads: Array.from({ length: size }, () => read()) }, nowMs)
  }
  const go = (
    sessionId: number,
    sessionEpoch: number,
    { topics = [], forget = [], ids = false, nowMs = 0 }: Partial<Parameters<typeof request>[0]> & { ids?: boolean; nowMs?: number } = {},
  ): FetchContext => sessions.begin(request({ topics, forget, sessionId, sessionEpoch }), ids, nowMs)
  return { sessions, create, go }
}

const request = (of: {
  sessionId: number
  sessionEpoch: number
  topics: ReturnType<typeof topicOf>[]
  forget: ReturnType<typeof forgotten>[]
}) => ({ sessionId: of.sessionId, sessionEpoch: of.sessionEpoch, topics: of.topics, forgottenTopicsData: of.forget })

function sessionOf(context: FetchContext): FetchSession {
  if (context.kind !== 'incremental') throw new Error(`it is ${context.kind}`)
  return context.session
}

const readBy = (session: FetchSession): string[] =>
  session.requested().flatMap(({ topic, partitions }) => partitions.map((p) => `${topic}-${p.partition}@${p.fetchOffset}`))

describe('one session', () => {
  test('a full request makes one if it asks for it; its epochs follow each other', () => {
    const { create, go, sessions } = setUp()
    expect(go(0, -1).kind).toBe('sessionless')
    expect(go(0, 0).kind).toBe('full')
    const id = create(2, 0)
    expect(go(id, 5)).toEqual({ kind: 'refused', code: ErrorCode.INVALID_FETCH_SESSION_EPOCH })
    expect(go(id + 1, 1)).toEqual({ kind: 'refused', code: ErrorCode.FETCH_SESSION_ID_NOT_FOUND })
    expect(go(0, 1)).toEqual({ kind: 'refused', code: ErrorCode.FETCH_SESSION_ID_NOT_FOUND })
    expect(go(id, 1)).toMatchObject({ kind: 'incremental', epoch: 2 })
    expect(go(id, 1)).toEqual({ kind: 'refused', code: ErrorCode.INVALID_FETCH_SESSION_EPOCH })
    expect(go(id, 2)).toMatchObject({ kind: 'incremental', epoch: 3 })
    expect(go(id, -1).kind).toBe('sessionless')
    expect([sessions.size, sessions.partitions]).toEqual([0, 0])
  })

  test('a full request with an id ends that session', () => {
    const { create, go, sessions } = setUp()
    const id = create(2, 0)
    expect(go(id, 0).kind).toBe('full')
    expect(sessions.has(id)).toBe(false)
  })

  test('the epoch after the largest is 1', () => {
    const { create, go } = setUp()
    const id = create(1, 0)
    const session = sessionOf(go(id, 1))
    session.epoch = 2 ** 31 - 1
    expect(go(id, 2 ** 31 - 1)).toMatchObject({ kind: 'incremental', epoch: 1 })
  })

  test('a request adds partitions, moves them and forgets them', () => {
    const { create, go, sessions } = setUp()
    const id = create(2, 0)
    const session = sessionOf(go(id, 1, { topics: [topicOf('t', [1, 7]), topicOf('u', [0, 15])], forget: [forgotten('t', 0, 9)] }))
    expect(readBy(session)).toEqual(['t-1@7', 'u-0@15'])
    expect(sessions.partitions).toBe(2)
  })

  test('one that has no partitions left is closed', () => {
    const { create, go, sessions } = setUp()
    const id = create(1, 0)
    expect(go(id, 1, { forget: [forgotten('t', 0)] }).kind).toBe('sessionless')
    expect([sessions.size, sessions.partitions]).toEqual([0, 0])
  })

  test('it names topics as it began: by name or by id', () => {
    const { create, go } = setUp()
    const byName = create(1, 0)
    const byId = create(1, 0, { usesTopicIds: true })
    const fault = { kind: 'refused', code: ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR }
    expect(go(byName, 1, { ids: true })).toEqual(fault)
    expect(go(byId, 1, { ids: false })).toEqual(fault)
    expect(go(byId, 1, { ids: true }).kind).toBe('incremental')
  })
})

describe('what the client hears', () => {
  const told = (session: FetchSession, facts: Partial<ReadFacts> = {}, partition = 0): boolean =>
    session.tell('t', ZERO_UUID, partition, read(facts))

  test('nothing, unless something changed', () => {
    const { create, go } = setUp()
    const session = sessionOf(go(create(1, 0), 1))
    expect([told(session), told(session)]).toEqual([false, false])
    expect([told(session, { highWatermark: 11 }), told(session, { highWatermark: 11 })]).toEqual([true, false])
    const trimmed = { highWatermark: 11, logStartOffset: 4 }
    expect([told(session, trimmed), told(session, trimmed)]).toEqual([true, false])
    expect([told(session, { ...trimmed, bytes: 9 }), told(session, { ...trimmed, bytes: 9 })]).toEqual([true, true])
    expect([told(session, { ...trimmed, diverging: {} }), told(session, trimmed)]).toEqual([true, false])
  })

  test('each error, and that it is gone', () => {
    const { create, go } = setUp()
    const session = sessionOf(go(create(1, 0), 1))
    const error = { code: ErrorCode.KAFKA_STORAGE_ERROR }
    expect([told(session, error), told(session, error), told(session), told(session)]).toEqual([true, true, true, false])
  })

  test('of a partition that is new to the session, at once', () => {
    const { create, go } = setUp()
    const session = sessionOf(go(create(1, 0), 1, { topics: [topicOf('t', [1, 0])] }))
    expect([told(session, {}, 0), told(session, {}, 1), told(session, {}, 1)]).toEqual([false, true, false])
  })

  test('a partition with records is read last the next time; one that only changed is not', () => {
    const { create, go } = setUp()
    const session = sessionOf(go(create(4, 0), 1))
    told(session, { bytes: 5 }, 0)
    told(session, { highWatermark: 11 }, 1)
    told(session, { bytes: 5, highWatermark: 12 }, 2)
    expect(readBy(session)).toEqual(['t-1@0', 't-3@0', 't-0@0', 't-2@0'])
  })
})

describe('too many', () => {
  test('sessions take the place of unused and of smaller ones that are old enough', () => {
    const { create, go, sessions } = setUp({ fetchSessionsMax: 3 })
    const use = (id: number, epoch: number, nowMs: number): void => void sessionOf(go(id, epoch, { nowMs }))
    const have = (...ids: number[]): void => expect(ids.filter((id) => sessions.has(id))).toEqual(ids)
    const [a, b, c] = [create(10, 0), create(20, 12_000), create(30, 24_000)]
    expect([create(40, 36_000), create(5, 48_000)]).toEqual([0, 0])
    have(a, b, c)
    use(a, 1, 240_000)
    const d = create(11, 252_000)
    have(a, c, d)
    use(c, 1, 468_000)
    use(a, 2, 480_000)
    use(d, 1, 480_000)
    const e = create(50, 492_000)
    have(c, d, e)
    expect(create(5, 492_000)).toBe(0)
    const f = create(5, 492_000, { privileged: true })
    have(c, e, f)
    expect([sessions.size, sessions.partitions]).toEqual([3, 85])
  })

  test('one of as many partitions does not', () => {
    const { create, go } = setUp({ fetchSessionsMax: 1 })
    const id = create(10, 0)
    sessionOf(go(id, 1, { nowMs: 3 * MINUTE_MS }))
    expect([create(10, 3 * MINUTE_MS), create(11, 3 * MINUTE_MS)]).toEqual([0, id + 1])
  })

  test('the one that was unused longest goes, not the oldest', () => {
    const { create, go, sessions } = setUp({ fetchSessionsMax: 2 })
    const [a, b] = [create(2, 0), create(2, MINUTE_MS)]
    sessionOf(go(a, 1, { nowMs: 2 * MINUTE_MS }))
    const c = create(2, 3 * MINUTE_MS + 1)
    expect([a, b, c].map((id) => sessions.has(id))).toEqual([true, false, true])
  })

  test("a replica's goes when it is unused, and not for a consumer's before", () => {
    const { create } = setUp({ fetchSessionsMax: 1 })
    const id = create(1, 0, { privileged: true })
    expect(create(500, 2 * MINUTE_MS)).toBe(0)
    expect(create(1, 2 * MINUTE_MS + 1)).toBe(id + 1)
  })

  test('partitions of all together', () => {
    const { create, go, sessions } = setUp({ fetchSessionPartitionsMax: 10 })
    const id = create(6, 0)
    expect([create(5, 0), create(11, 0)]).toEqual([0, 0])
    const more = topicOf('u', ...Array.from({ length: 5 }, (_, i) => [i, 0] as const))
    expect(go(id, 1, { topics: [more] })).toEqual({ kind: 'refused', code: ErrorCode.FETCH_SESSION_ID_NOT_FOUND })
    expect([sessions.size, sessions.partitions]).toEqual([0, 0])
    expect(create(5, 0)).toBeGreaterThan(0)
  })

  test('none at all where none is allowed', () => {
    expect(setUp({ fetchSessionsMax: 0 }).create(1, 0)).toBe(0)
  })
})
