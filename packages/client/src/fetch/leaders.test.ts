import { ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { batch, start, T0 } from './fetcher.case.ts'

describe('leaders', () => {
  it('that moved are followed, whichever way the fetcher hears of it', async () => {
    const { world, cluster, fetcher, values, problems } = start(2)
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    cluster.moveLeader('t', 0, 2)
    cluster.append('t', 0, batch('b'))
    await world.run(2_000)
    expect(values()).toEqual(['a', 'b'])
    cluster.disconnectAll()
    cluster.moveLeader('t', 0, 1)
    cluster.append('t', 0, batch('c'))
    await world.run(5_000)
    expect(values()).toEqual(['a', 'b', 'c'])
    expect(problems).toEqual([])
  })

  it.each([
    ['who leads now (KIP-951)', { leaderId: 2, leaderEpoch: 1 }],
    ['only that another one does', { leaderId: -1, leaderEpoch: -1 }],
  ])('that refuse a position which was given up meanwhile are not asked for the next one: told %s', async (_, currentLeader) => {
    const { world, cluster, fetcher, values } = start(2)
    cluster.create('t')
    cluster.append('t', 0, batch('a', 'b'))
    let refuse = (): void => {}
    cluster.once('Fetch', async ({ body }) => {
      await new Promise<void>((resolve) => {
        refuse = resolve
      })
      const partitions = [
        {
          partitionIndex: 0,
          errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
          highWatermark: -1,
          abortedTransactions: null,
          records: null,
          currentLeader,
        },
      ]
      return { sessionId: 0, responses: [{ topicId: body.topics[0].topicId, partitions }] }
    })
    fetcher.add(T0, { offset: 0 }, 'first')
    await world.run(50)
    cluster.moveLeader('t', 0, 2)
    fetcher.add(T0, { offset: 1 }, 'second')
    fetcher.pause(T0)
    refuse()
    await world.run(50)
    fetcher.resume(T0)
    await world.run(2_000)
    expect(values()).toEqual(['b'])
    const epochs = cluster.callsOf('OffsetForLeaderEpoch').map(({ node }) => node)
    expect([
      ...cluster
        .callsOf('Fetch')
        .slice(1)
        .map(({ node }) => node),
      ...epochs,
    ]).not.toContain(1)
  })

  it('are asked whether a position read under an older one is still in the log, once for each change (KIP-320)', async () => {
    const { world, cluster, fetcher, values } = start(2)
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    expect(cluster.callsOf('OffsetForLeaderEpoch')).toEqual([])
    cluster.moveLeader('t', 0, 2)
    cluster.append('t', 0, batch('b'))
    await world.run(2_000)
    expect(cluster.callsOf('OffsetForLeaderEpoch').map((c) => [c.node, c.body.topics[0].partitions[0]])).toMatchObject([
      [2, { partition: 0, currentLeaderEpoch: 1, leaderEpoch: 0 }],
    ])
    expect(values()).toEqual(['a', 'b'])
  })

  it('whose log was cut below the position: the owner is told where the common part ends, and decides (KIP-320)', async () => {
    const { world, cluster, fetcher, values, problems } = start(2)
    cluster.create('t')
    cluster.append('t', 0, batch('a', 'b'))
    cluster.append('t', 0, batch('c'))
    fetcher.add(T0, { offset: 0 }, 'claim')
    await world.run(50)
    const p = cluster.partition('t')
    p.batches.pop()
    p.end = 2
    cluster.moveLeader('t', 0, 2)
    cluster.append('t', 0, batch('C', 'D'))
    await world.run(2_000)
    expect(values()).toEqual(['a', 'b', 'c'])
    expect(problems).toMatchObject([
      {
        claim: 'claim',
        problem: { kind: 'truncated', offset: 3, end: { offset: 2, leaderEpoch: 0 }, error: { code: 'LOG_TRUNCATED', offset: 3 } },
      },
    ])
    fetcher.add(T0, { offset: 2, leaderEpoch: 0 }, 'again')
    await world.run(500)
    expect(values()).toEqual(['a', 'b', 'c', 'C', 'D'])
  })

  it('are asked about a committed position before anything is read from it', async () => {
    const { world, cluster, fetcher, got, problems } = start(1)
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    cluster.moveLeader('t', 0, 1)
    cluster.append('t', 0, batch('b', 'c', 'd'))
    fetcher.add(T0, { offset: 3, leaderEpoch: 0 }, 'committed elsewhere')
    await world.run(500)
    expect(got).toEqual([])
    expect(problems[0]?.problem).toMatchObject({ kind: 'truncated', end: { offset: 1, leaderEpoch: 0 } })
  })

  it('that know nothing of the epoch: truncated, with no known end', async () => {
    const { world, cluster, fetcher, problems } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    cluster.partition('t').epoch = 7
    cluster.partition('t').epochs = [[7, 0]]
    fetcher.add(T0, { offset: 1, leaderEpoch: 3 }, 'c')
    await world.run(500)
    expect(problems[0]?.problem).toMatchObject({ kind: 'truncated', end: undefined })
  })

  it('that are behind us (UNKNOWN_LEADER_EPOCH) are asked again later, not in a tight loop (trap 27)', async () => {
    const { world, cluster, fetcher, values, problems } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    cluster.on('Fetch', async (_call, next) => {
      const reply = await next()
      if (cluster.callsOf('Fetch').length > 5) return reply
      for (const p of reply.responses[0].partitions)
        Object.assign(p, { errorCode: ErrorCode.UNKNOWN_LEADER_EPOCH, records: Buffer.alloc(0) })
      return reply
    })
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(30_000)
    expect(values()).toEqual(['a'])
    expect(problems).toEqual([])
  })

  it('that cannot be reached are tried again, with growing delays', async () => {
    const { world, cluster, fetcher, values } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    const off = cluster.on('Fetch', () => 'close')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(20_000)
    expect(cluster.callsOf('Fetch').length).toBeLessThan(40)
    off()
    await world.run(6_000)
    expect(values()).toEqual(['a'])
  })
})
