import { ErrorCode, type FetchResponse, ZERO_UUID } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { type AskedPartition, FetchSession, type SessionRequest } from './session.ts'

const V12 = 12
const V13 = 13
const idOf = (topic: string): string => topic.charCodeAt(0).toString(16).padStart(32, '0')

/** `t0@7` is partition 0 of topic t, from offset 7 on. */
function asked(text: string, more: Partial<AskedPartition> = {}): AskedPartition[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [, topic, partition, offset] = /^([a-z])(\d+)@(\d+)$/.exec(word)!
      const where = { topic: topic!, topicId: idOf(topic!), partition: Number(partition) }
      return { ...where, currentLeaderEpoch: 3, fetchOffset: Number(offset), partitionMaxBytes: 100, ...more }
    })
}

function said({ sessionId, sessionEpoch, asked, forgotten }: SessionRequest) {
  const text = [...asked.map((p) => `${p.topic}${p.partition}@${p.fetchOffset}`), ...forgotten.map((p) => `-${p.topic}${p.partition}`)]
  return `${sessionId}/${sessionEpoch}: ${text.join(' ')}`
}

function answer(sessionId: number, partitions: string, more: Partial<FetchResponse> = {}): FetchResponse {
  const responses = asked(partitions).map(({ topic, topicId, partition }) => ({
    topic,
    topicId,
    partitions: [{ partitionIndex: partition }],
  }))
  return { throttleTimeMs: 0, errorCode: 0, sessionId, responses, nodeEndpoints: [], ...more } as unknown as FetchResponse
}

const failed = (errorCode: number): FetchResponse => answer(0, '', { errorCode })

/** A session that was begun with these partitions. */
function begun(partitions: string, version = V12): FetchSession {
  const session = new FetchSession()
  expect(said(session.next(asked(partitions), version))).toBe(`0/0: ${partitions}`)
  expect(session.answered(answer(123, partitions), version)).toBe(false)
  return session
}

describe('a fetch session', () => {
  it('names all partitions first, then what moved, came and went', () => {
    const session = begun('t0@0 t1@10')
    expect(said(session.next(asked('t0@0 t1@10'), V12))).toBe('123/1: ')
    session.answered(answer(123, 't1@0'), V12)
    expect(said(session.next(asked('t0@0 t1@20 u0@5'), V12))).toBe('123/2: t1@20 u0@5')
    session.answered(answer(123, 'u0@0'), V12)
    expect(said(session.next(asked('t1@20 u0@5'), V12))).toBe('123/3: -t0')
    session.answered(answer(123, ''), V12)
    expect(said(session.next(asked('u0@6 t2@1'), V12))).toBe('123/4: u0@6 t2@1 -t1')
  })

  it('a new leader epoch or limit is a change', () => {
    const session = begun('t0@0')
    expect(said(session.next(asked('t0@0', { currentLeaderEpoch: 4 }), V12))).toBe('123/1: t0@0')
    session.answered(answer(123, ''), V12)
    expect(said(session.next(asked('t0@0', { currentLeaderEpoch: 4, partitionMaxBytes: 9 }), V12))).toBe('123/2: t0@0')
  })

  it('where it is declined, or ended by the broker, each request is a first one', () => {
    const session = new FetchSession()
    session.next(asked('t0@0'), V12)
    session.answered(answer(0, 't0@0'), V12)
    expect(said(session.next(asked('t0@0'), V12))).toBe('0/0: t0@0')
    const closed = begun('t0@0')
    closed.next(asked('t0@0'), V12)
    closed.answered(answer(0, ''), V12)
    expect(said(closed.next(asked('t0@0'), V12))).toBe('0/0: t0@0')
  })

  it('a broker that is too old for sessions hears nothing of them', () => {
    const session = new FetchSession()
    expect(said(session.next(asked('t0@0'), 6))).toBe('0/-1: t0@0')
    expect(session.answered(answer(0, 't0@0'), 6)).toBe(false)
    expect(said(session.next(asked('t0@0'), 6))).toBe('0/-1: t0@0')
  })

  it('a broker that forgot it is asked again at once; another error of a session ends it too', () => {
    for (const [error, next] of [
      [ErrorCode.FETCH_SESSION_ID_NOT_FOUND, '0/0: t0@0'],
      [ErrorCode.INVALID_FETCH_SESSION_EPOCH, '123/0: t0@0'],
      [ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR, '123/0: t0@0'],
    ] as const) {
      const session = begun('t0@0')
      session.next(asked('t0@0'), V12)
      expect(session.answered(failed(error), V12)).toBe(true)
      expect(said(session.next(asked('t0@0'), V12))).toBe(next)
      // To a first request it is an error like any other: the broker would be asked without a pause.
      expect(session.answered(failed(error), V12)).toBe(false)
    }
    const session = begun('t0@0')
    session.next(asked('t0@0'), V12)
    expect(session.answered(failed(ErrorCode.UNKNOWN_SERVER_ERROR), V12)).toBe(false)
    expect(said(session.next(asked('t0@0'), V12))).toBe('123/0: t0@0')
  })

  it('is begun anew, and the old one ended, when it is not known what became of a request', () => {
    const session = begun('t0@0 t1@0')
    session.next(asked('t0@5 t1@0'), V12)
    session.restart()
    expect(said(session.next(asked('t0@5 t1@0'), V12))).toBe('123/0: t0@5 t1@0')
  })

  it('a first answer that lacks partitions, as one that is throttled, begins none', () => {
    const session = new FetchSession()
    session.next(asked('t0@0 t1@0'), V12)
    session.answered(answer(0, '', { throttleTimeMs: 100 }), V12)
    expect(said(session.next(asked('t0@0 t1@0'), V12))).toBe('0/0: t0@0 t1@0')
    session.answered(answer(123, 't0@0'), V12)
    expect(said(session.next(asked('t0@0 t1@0'), V12))).toBe('123/0: t0@0 t1@0')
  })

  it('an answer with a partition that was not asked for ends it', () => {
    const session = begun('t0@0')
    session.next(asked('t0@0'), V12)
    session.answered(answer(123, 'u0@0'), V12)
    expect(said(session.next(asked('t0@0'), V12))).toBe('123/0: t0@0')
  })

  it('goes by ids or by names, never by both', () => {
    const session = begun('t0@0')
    expect(said(session.next(asked('t0@0'), V13))).toBe('123/0: t0@0')
    session.answered(answer(124, 't0@0'), V13)
    expect(said(session.next(asked('t0@0'), V13))).toBe('124/1: ')
    session.answered(answer(124, ''), V13)
    expect(said(session.next(asked('t0@0'), V12))).toBe('124/0: t0@0')
  })

  it('a topic that was made again is another one, where topics have ids', () => {
    const again = { topicId: idOf('z') }
    const byId = begun('t0@0', V13)
    const { asked: added, forgotten } = byId.next(asked('t0@0', again), V13)
    expect([added.map((p) => p.topicId), forgotten.map((p) => p.topicId)]).toEqual([[idOf('z')], [idOf('t')]])
    const byName = begun('t0@0')
    expect(said(byName.next(asked('t0@0', { topicId: ZERO_UUID }), V12))).toBe('123/1: ')
  })
})
