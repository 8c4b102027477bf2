/** Fetch sessions as a fetcher uses them: what goes over the wire, and what becomes of it when the broker forgets. */
import { apis, ErrorCode, encodeRequest } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import type { Call } from '../testing/cluster.case.ts'
import { batch, start, T0, T1 } from './fetcher.case.ts'
import type { FetcherOptions } from './types.ts'

function setUp(nodes = 1, options: FetcherOptions = {}) {
  const parts = start(nodes, options)
  const sessions = parts.cluster.keepFetchSessions()
  return { ...parts, sessions, fetches: () => parts.cluster.callsOf('Fetch') }
}

const partitionsOf = (call: Call): number => call.body.topics.reduce((sum: number, t: any) => sum + t.partitions.length, 0)
const sayOf = ({ body }: Call): string => {
  const asked = body.topics.flatMap((t: any) => t.partitions.map((p: any) => `${p.partition}@${p.fetchOffset}`))
  const forgotten = body.forgottenTopicsData.flatMap((t: any) => t.partitions.map((p: number) => `-${p}`))
  return `${body.sessionEpoch}: ${[...asked, ...forgotten].join(' ')}`
}
const bytesOf = ({ version, body }: Call): number =>
  encodeRequest(apis.Fetch, version, 1, 'client', body).reduce((sum, { length }) => sum + length, 0)

describe('fetch sessions of a fetcher', () => {
  it('a Fetch of 2,000 partitions that nothing comes for is as small as one of none', async () => {
    const { world, cluster, fetcher, fetches, values } = setUp()
    cluster.create('t', 2_000)
    for (let partition = 0; partition < 2_000; partition++) fetcher.add({ topic: 't', partition }, { offset: 0 }, 'c')
    await world.run(3_000)
    const [first, ...rest] = fetches()
    expect(partitionsOf(first!)).toBe(2_000)
    expect(bytesOf(first!)).toBeGreaterThan(50_000)
    expect(rest.length).toBeGreaterThan(3)
    for (const call of rest) expect(bytesOf(call)).toBeLessThan(100)
    cluster.append('t', 1_234, batch('a'))
    await world.run(600)
    cluster.append('t', 1_234, batch('b'))
    await world.run(10)
    expect(values()).toEqual(['a', 'b'])
    expect(
      fetches()
        .map(partitionsOf)
        .filter((n) => n > 0),
    ).toEqual([2_000, 1, 1])
  })

  it('says what came, went and moved', async () => {
    const { world, cluster, fetcher, fetches, values } = setUp()
    cluster.create('t', 2)
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(600)
    cluster.append('t', 0, batch('a'))
    await world.run(10)
    fetcher.remove(T0)
    fetcher.add(T1, { offset: 0 }, 'c')
    await world.run(1_200)
    expect(values()).toEqual(['a'])
    expect(
      fetches()
        .filter((call) => call.body.sessionEpoch >= 0)
        .map(sayOf)
        .slice(0, 4),
    ).toEqual(['0: 0@0', '1: ', '2: 0@1', '3: 1@0 -0'])
  })

  it('a seek back is read again, also to the offset that was asked for before', async () => {
    const { world, cluster, fetcher, values } = setUp()
    cluster.create('t')
    cluster.append('t', 0, batch('a', 'b'))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(700)
    for (const offset of [0, 1, 1]) {
      fetcher.add(T0, { offset }, 'c')
      await world.run(700)
    }
    expect(values()).toEqual(['a', 'b', 'a', 'b', 'b', 'b'])
  })

  it('a broker that forgot the session is asked for everything at once, and no partition fails', async () => {
    const { world, cluster, fetcher, sessions, fetches, values, problems } = setUp()
    cluster.create('t', 2)
    fetcher.add(T0, { offset: 0 }, 'c')
    fetcher.add(T1, { offset: 0 }, 'c')
    await world.run(1_100)
    sessions.get(1)!.forget()
    const before = fetches().length
    await world.run(500)
    cluster.append('t', 1, batch('a'))
    const appendedMs = world.monotonic()
    await world.run(20)
    expect(fetches().slice(before).map(sayOf).slice(0, 2)).toEqual(['3: ', '0: 0@0 1@0'])
    expect([values(), problems]).toEqual([['a'], []])
    expect(world.monotonic() - appendedMs).toBeLessThanOrEqual(20)
  })

  it('a broker that refuses each session is not asked without a pause', async () => {
    const { world, cluster, fetcher, fetches } = setUp()
    cluster.create('t')
    cluster.on('Fetch', () => ({ errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND, responses: [] }))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(1_000)
    expect(fetches().length).toBeLessThan(15)
  })

  it('after a connection broke the session is begun anew, and the old one is ended', async () => {
    const { world, cluster, fetcher, sessions, fetches, values } = setUp()
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(1_100)
    const id = fetches().at(-1)!.body.sessionId
    expect(id).toBeGreaterThan(0)
    cluster.disconnectAll()
    const before = fetches().length
    await world.run(1_000)
    cluster.append('t', 0, batch('a'))
    await world.run(20)
    expect(fetches()[before]!.body).toMatchObject({ sessionId: id, sessionEpoch: 0 })
    expect(values()).toEqual(['a'])
    expect(sessions.get(1)!.size).toBe(1)
  })

  it('each leader has its own; a partition goes from one to the other with its leader', async () => {
    const { world, cluster, fetcher, fetches, values } = setUp(2)
    cluster.create('t', 2)
    fetcher.add(T0, { offset: 0 }, 'c')
    fetcher.add(T1, { offset: 0 }, 'c')
    await world.run(1_100)
    cluster.moveLeader('t', 1, 1)
    await world.run(2_000)
    cluster.append('t', 1, batch('a'))
    await world.run(20)
    expect(values()).toEqual(['a'])
    const toFirst = fetches().filter((call) => call.node === 1 && call.body.sessionEpoch > 0)
    expect(toFirst.map(sayOf).filter((text) => text.includes('1@'))).toHaveLength(2)
  })

  it('a partition that failed is out of the session until it is asked for again', async () => {
    const { world, cluster, fetcher, values, problems, sessions, fetches } = setUp()
    cluster.create('t', 2)
    fetcher.add(T0, { offset: 0 }, 'c')
    fetcher.add(T1, { offset: 0 }, 'c')
    await world.run(600)
    cluster.once('Fetch', async (_call, next) => {
      const reply = await next()
      const failed = {
        partitionIndex: 0,
        errorCode: ErrorCode.KAFKA_STORAGE_ERROR,
        highWatermark: -1,
        abortedTransactions: null,
        records: null,
      }
      return {
        ...reply,
        responses: [{ ...cluster.topics.get('t'), topic: 't', topicId: cluster.topics.get('t')!.id, partitions: [failed] }],
      }
    })
    await world.run(3_000)
    cluster.append('t', 0, batch('a'))
    cluster.append('t', 1, batch('b'))
    await world.run(600)
    expect([values().sort(), problems]).toEqual([['a', 'b'], []])
    expect(
      fetches()
        .map(sayOf)
        .some((text) => text.endsWith(' -0')),
    ).toBe(true)
    expect(sessions.get(1)!.size).toBe(1)
  })

  it('partitions are not named again because the buffer is fuller', async () => {
    const { world, cluster, fetcher, fetches, hold } = setUp(1, { bufferBytesMax: 400_000, partitionBytesMax: 150_000 })
    hold()
    cluster.create('t', 2)
    fetcher.add(T0, { offset: 0 }, 'c')
    fetcher.add(T1, { offset: 0 }, 'c')
    await world.run(600)
    cluster.append('t', 1, batch('x'.repeat(280_000)))
    await world.run(2_000)
    const last = fetches().at(-1)!
    expect(last.body.maxBytes).toBeLessThan(150_000)
    expect(fetches().filter((call) => sayOf(call).includes('0@0'))).toHaveLength(1)
    expect(sayOf(last)).toMatch(/^\d+: $/)
  })

  it('topics go by name where the broker is too old for their ids', async () => {
    const { world, cluster, fetcher, fetches, values } = setUp()
    cluster.versionsMax.set(apis.Metadata.key, 9)
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(1_100)
    cluster.append('t', 0, batch('a'))
    await world.run(20)
    expect(values()).toEqual(['a'])
    expect(
      fetches()
        .map((call) => [call.version, sayOf(call)])
        .slice(0, 3),
    ).toEqual([
      [12, '0: 0@0'],
      [12, '1: '],
      [12, '2: '],
    ])
  })

  it('brokers before 1.1 know none', async () => {
    const { world, cluster, fetcher, fetches, values } = setUp()
    cluster.versionsMax.set(apis.Fetch.key, 6)
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(1_100)
    expect(values()).toEqual(['a'])
    for (const call of fetches()) expect(partitionsOf(call)).toBe(1)
  })

  it.each([
    ['while a Fetch is parked', 1_050],
    ['while none is', 1_000],
  ])('ends with the fetcher: %s', async (_, ms) => {
    const { world, cluster, fetcher, sessions, fetches } = setUp(2)
    cluster.create('t', 2)
    fetcher.add(T0, { offset: 0 }, 'c')
    fetcher.add(T1, { offset: 0 }, 'c')
    await world.run(ms)
    expect([1, 2].map((node) => sessions.get(node)!.size)).toEqual([1, 1])
    const closedMs = world.monotonic()
    const closed = fetcher.close().then(() => world.monotonic())
    await world.run(2_000)
    expect([1, 2].map((node) => sessions.get(node)!.size)).toEqual([0, 0])
    expect((await closed) - closedMs).toBeLessThan(50)
    expect(fetches().slice(-2).map(sayOf)).toEqual(['-1: ', '-1: '])
  })

  it.each([
    ['a quarter of a second', undefined, 250],
    ['the time that is left', 100, 100],
    ['nothing, where no time is left', 0, 0],
  ])('a broker that does not answer delays closing by no more than %s', async (_, timeoutMs, delayMs) => {
    const { world, cluster, fetcher } = setUp(2)
    cluster.create('t', 2)
    fetcher.add(T0, { offset: 0 }, 'c')
    fetcher.add(T1, { offset: 0 }, 'c')
    await world.run(1_050)
    cluster.on('Fetch', () => new Promise(() => {}))
    const closedMs = world.monotonic()
    const closed = fetcher.close(timeoutMs).then(() => world.monotonic())
    await world.run(2_000)
    expect((await closed) - closedMs).toBe(delayMs)
  })

  it('a fetcher whose connections broke has none to end', async () => {
    const { world, cluster, fetcher, fetches } = setUp()
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(1_050)
    cluster.disconnectAll()
    await world.run(1)
    const before = fetches().length
    await fetcher.close()
    expect(fetches()).toHaveLength(before)
  })

  it('without them each request is whole', async () => {
    const { world, cluster, fetcher, fetches } = setUp(1, { sessions: false })
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(1_100)
    expect(new Set(fetches().map(sayOf))).toEqual(new Set(['-1: 0@0']))
  })
})
