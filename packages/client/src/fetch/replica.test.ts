import { ErrorCode } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { batch, start, T0 } from './fetcher.case.ts'

/**
 * A leader on node 1 that names the follower on node 2 to readers of rack `b`; the follower serves what the leader
 * has.
 */
function withFollower(kafkaOptions = {}) {
  const t = start(2, { rack: 'b' }, kafkaOptions)
  t.cluster.create('t')
  t.cluster.partition('t').followers.add(2)
  const followerFails = { with: 0 }
  t.cluster.on('Fetch', async (call, next) => {
    const p = t.cluster.partition('t')
    const [partition] = call.body.topics[0].partitions
    if (call.node === p.leader && call.body.rackId === 'b' && p.leader === 1) {
      const none = { highWatermark: p.end, lastStableOffset: p.end, logStartOffset: p.start, records: Buffer.alloc(0) }
      const answer = { partitionIndex: 0, errorCode: 0, ...none, abortedTransactions: null, preferredReadReplica: 2 }
      return { responses: [{ topic: 't', topicId: call.body.topics[0].topicId, partitions: [answer] }] }
    }
    if (call.node === 2 && p.leader !== 2 && followerFails.with !== 0) {
      const none = { highWatermark: -1, lastStableOffset: -1, logStartOffset: -1, records: Buffer.alloc(0), abortedTransactions: null }
      const answer = { partitionIndex: partition.partition, errorCode: followerFails.with, ...none }
      return { responses: [{ topic: 't', topicId: call.body.topics[0].topicId, partitions: [answer] }] }
    }
    return next()
  })
  return { ...t, followerFails }
}

describe('a replica that the leader names (KIP-392)', () => {
  it('is read instead of the leader', async () => {
    const { world, cluster, fetcher, values, problems } = withFollower()
    cluster.append('t', 0, batch('a'))
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(3_000)
    expect(values()).toEqual(['a'])
    const nodes = cluster.callsOf('Fetch').map((c) => c.node)
    expect(nodes[0]).toBe(1)
    expect(nodes.slice(1).every((node) => node === 2)).toBe(true)
    expect(problems).toEqual([])
  })

  it('is given up after metadataMaxAgeMs, when the leader is asked again', async () => {
    const { world, cluster, fetcher } = withFollower({ metadataMaxAgeMs: 5_000 })
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(12_000)
    const times = cluster.callsOf('Fetch').filter((c) => c.node === 1)
    expect(times.length).toBe(3)
    expect(times[1]!.atMs - times[0]!.atMs).toBeGreaterThanOrEqual(5_000)
  })

  it.each(['OFFSET_OUT_OF_RANGE', 'NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_SERVER_ERROR'] as const)(
    'is given up on %s, and the leader has the last word',
    async (code) => {
      const { world, cluster, fetcher, problems, followerFails } = withFollower()
      fetcher.add(T0, { offset: 0 }, 'c')
      followerFails.with = ErrorCode[code]
      await world.run(5_000)
      const nodes = cluster.callsOf('Fetch').map((c) => c.node)
      expect(nodes.slice(0, 3)).toEqual([1, 2, 1])
      expect(nodes.length).toBeLessThan(30)
      expect(problems).toEqual([])
    },
  )

  it('is given up when its connection breaks, and when another leader is elected', async () => {
    const { world, cluster, fetcher, values, problems } = withFollower()
    fetcher.add(T0, { offset: 0 }, 'c')
    await world.run(100)
    cluster.disconnectAll()
    await world.run(1_000)
    expect(cluster.callsOf('Fetch').filter((c) => c.node === 1).length).toBeGreaterThanOrEqual(2)
    cluster.moveLeader('t', 0, 2)
    cluster.append('t', 0, batch('x'))
    await world.run(2_000)
    expect(values()).toEqual(['x'])
    expect(problems).toEqual([])
  })
})
