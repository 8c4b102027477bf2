import { ErrorCode, WireError } from '@tidemark/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createKafka, handleOf } from '../kafka.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './assignment.ts'
import { fetchCommitted } from './offset-fetch.ts'

describe('what members exchange', () => {
  const owned = [
    { topic: 'b', partition: 1 },
    { topic: 'a', partition: 0 },
    { topic: 'b', partition: 0 },
  ]

  it('is read as it was written', () => {
    const subscription = encodeSubscription({ topics: ['b', 'a'], owned, generation: 7 })
    expect(decodeSubscription(subscription)).toEqual({ topics: ['a', 'b'], owned: [owned[0], owned[2], owned[1]], generation: 7 })
    expect(decodeAssignment(encodeAssignment(owned))).toEqual([owned[0], owned[2], owned[1]])
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
  })

  it('of a newer version begins with the fields that are known', () => {
    const bytes = Buffer.concat([encodeAssignment(owned), Buffer.from('more')])
    bytes.writeInt16BE(99, 0)
    expect(decodeAssignment(bytes)).toHaveLength(3)
  })

  it('is an error where it cannot be read, and nothing else', () => {
    expect(() => decodeAssignment(Buffer.from([9]))).toThrow(WireError)
    expect(() => decodeSubscription(Buffer.alloc(0))).toThrow(WireError)
    expect(() => decodeSubscription(Buffer.from([0xff, 0xff, 0, 0, 0, 0]))).toThrow(WireError)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const decode of [decodeAssignment, decodeSubscription]) {
          try {
            decode(Buffer.from(bytes))
          } catch (error) {
            expect(error).toBeInstanceOf(WireError)
          }
        }
      }),
    )
  })
})

describe('committed offsets', () => {
  function start() {
    const world = new World()
    const cluster = new FakeCluster(world, 2)
    return { world, cluster, own: handleOf(createKafka({ brokers: cluster.brokers, platform: world.platform })).cluster }
  }
  const row = (partitionIndex: number, committedOffset: number, errorCode = 0) => ({
    partitionIndex,
    committedOffset,
    committedLeaderEpoch: 3,
    metadata: 'm',
    errorCode,
  })
  const answer = (partitions: object[], errorCode = 0) => ({ groups: [{ groupId: 'g', topics: [{ name: 't', partitions }], errorCode }] })

  it('of the partitions that were named, in one attempt; one without a commit is left out', async () => {
    const { world, cluster, own } = start()
    cluster.on('OffsetFetch', () => answer([row(1, 5), row(0, -1)]))
    const topics = new Map([['t', [0, 1]]])
    const found = await world.settle(fetchCommitted(own, { group: 'g', topics, requireStable: true }))
    expect(found).toEqual([{ topic: 't', partition: 1, offset: 5, leaderEpoch: 3, metadata: 'm' }])
    expect(cluster.callsOf('OffsetFetch')[0]?.body).toMatchObject({
      requireStable: true,
      groups: [{ groupId: 'g', topics: [{ name: 't', partitionIndexes: [0, 1] }] }],
    })
  })

  it('an error of a partition names it, and is never “nothing committed” (trap 36)', async () => {
    const { world, cluster, own } = start()
    cluster.on('OffsetFetch', () => answer([row(0, -1), row(1, -1, ErrorCode.UNSTABLE_OFFSET_COMMIT)]))
    expect(await world.fails(fetchCommitted(own, { group: 'g', requireStable: true }))).toMatchObject({
      code: 'UNSTABLE_OFFSET_COMMIT',
      topic: 't',
      partition: 1,
    })
    expect(cluster.callsOf('OffsetFetch')).toHaveLength(1)
  })

  it.each(['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE'] as const)('%s: the next attempt looks the coordinator up', async (code) => {
    const { world, cluster, own } = start()
    cluster.once('OffsetFetch', () => answer([], ErrorCode[code]))
    cluster.on('OffsetFetch', ({ node }) => (node === 2 ? answer([row(0, 1)]) : undefined))
    cluster.once('OffsetFetch', () => answer([], ErrorCode[code]))
    expect(await world.fails(fetchCommitted(own, { group: 'g', requireStable: false }))).toMatchObject({ code })
    cluster.coordinator = 2
    expect(await world.settle(fetchCommitted(own, { group: 'g', requireStable: false }))).toHaveLength(1)
  })
})
