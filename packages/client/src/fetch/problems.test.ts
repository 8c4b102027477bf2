import { ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { batch, start, T0, T1 } from './fetcher.case.ts'
import { truncated } from './problems.ts'

describe('what the owner is told, and has to decide', () => {
  it('an offset out of range, with the bounds of the log; never a silent reset', async () => {
    const { world, cluster, fetcher, got, problems } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 99 }, 'claim')
    await world.run(2_000)
    expect(got).toEqual([])
    expect(problems).toMatchObject([
      { claim: 'claim', problem: { kind: 'out_of_range', offset: 99, error: { code: 'OFFSET_OUT_OF_RANGE', partition: 0 } } },
    ])
    expect(cluster.callsOf('Fetch')).toHaveLength(1)
  })

  it('a topic that was deleted and created again: positions in the old one mean nothing', async () => {
    const { world, cluster, fetcher, values, problems } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    const { id } = cluster.create('t')
    cluster.append('t', 0, batch('other', 'topic'))
    await world.run(3_000)
    expect(values()).toEqual(['a'])
    expect(problems).toMatchObject([{ problem: { kind: 'replaced', topicId: id, error: { code: 'TOPIC_REPLACED' } } }])
  })

  it('a topic that was created again before its first records were asked for, where the position is of the old one', async () => {
    const { world, cluster, fetcher, values, problems } = start()
    const { id: topicId } = cluster.create('t')
    const { id } = cluster.create('t')
    cluster.append('t', 0, batch('other', 'topic'))
    fetcher.add(T0, { offset: 0, topicId }, 'c')
    await world.run(3_000)
    expect(values()).toEqual([])
    expect(problems).toMatchObject([{ problem: { kind: 'replaced', topicId: id } }])
  })

  it('a topic that is gone, once it has been gone for requestTimeoutMs', async () => {
    const { world, cluster, fetcher, problems } = start(1, {}, { requestTimeoutMs: 5_000 })
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    cluster.topics.delete('t')
    await world.run(3_000)
    expect(problems).toEqual([])
    await world.run(10_000)
    expect(problems).toMatchObject([{ problem: { kind: 'failed', error: { code: 'UNKNOWN_TOPIC' } } }])
  })

  it('nothing of a topic that has no leader for longer than requestTimeoutMs: it is waited for', async () => {
    const { world, cluster, fetcher, values, problems } = start(1, {}, { requestTimeoutMs: 5_000 })
    cluster.create('t')
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(50)
    let hasLeader = false
    cluster.on('Metadata', async (_call, next) => {
      const reply = await next()
      if (!hasLeader) for (const t of reply.topics) Object.assign(t, { errorCode: ErrorCode.LEADER_NOT_AVAILABLE, partitions: [] })
      return reply
    })
    cluster.on('Fetch', async (_call, next) => {
      const reply = await next()
      if (!hasLeader) for (const t of reply.responses) for (const p of t.partitions) p.errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER
      return reply
    })
    await world.run(20_000)
    expect(problems).toEqual([])
    hasLeader = true
    cluster.append('t', 0, batch('a'))
    await world.run(5_000)
    expect(values()).toEqual(['a'])
  })

  it('a partition that may not be read, while the others go on', async () => {
    const { world, cluster, fetcher, values, problems } = start()
    cluster.create('t', 2)
    cluster.append('t', 1, batch('b'))
    cluster.on('Fetch', async (_call, next) => {
      const reply = await next()
      for (const p of reply.responses[0].partitions) {
        if (p.partitionIndex === 0) Object.assign(p, { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, records: Buffer.alloc(0) })
      }
      return reply
    })
    fetcher.add(T0, { offset: 0 }, 'a')
    fetcher.add(T1, { offset: 0 }, 'b')
    await world.run(1_000)
    expect(values()).toEqual(['b'])
    expect(problems).toMatchObject([{ claim: 'a', problem: { kind: 'failed', error: { code: 'TOPIC_AUTHORIZATION_FAILED' } } }])
  })

  it('a batch whose CRC is wrong: CORRUPT_BATCH at its offset, after what came before it', async () => {
    const { world, cluster, fetcher, values, problems } = start()
    cluster.create('t')
    cluster.append('t', 0, batch('a'))
    const broken = batch('b')
    broken[broken.length - 2]! ^= 1
    cluster.append('t', 0, broken)
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(500)
    expect(values()).toEqual(['a'])
    expect(problems).toMatchObject([{ problem: { kind: 'failed', error: { code: 'CORRUPT_BATCH', topic: 't', partition: 0, offset: 1 } } }])
  })
})

it('a truncated log never sends its reader ahead: the end is the position at most', () => {
  expect(truncated(T0, 5, { offset: 9, leaderEpoch: 2 })).toMatchObject({
    kind: 'truncated',
    offset: 5,
    end: { offset: 5, leaderEpoch: 2 },
  })
  expect(truncated(T0, 5, { offset: 3, leaderEpoch: 1 })).toMatchObject({ end: { offset: 3, leaderEpoch: 1 } })
  expect(truncated(T0, 5, undefined)).toMatchObject({ end: undefined })
})
