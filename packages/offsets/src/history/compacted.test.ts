/** A log of commits that was compacted, as a cluster in memory has it. */
import { createKafka } from '@tidemark/client'
import { buildBatch, crc32c, ErrorCode, encodeOffsetKey, encodeOffsetValue, ZERO_UUID } from '@tidemark/protocol'
import { expect, it } from 'vitest'
import { FakeCluster } from '../../../client/src/testing/cluster.case.ts'
import { World } from '../../../client/src/testing/world.case.ts'
import { commitHistory } from './commit-history.ts'
import { positionsAt } from './positions-at.ts'

const T0 = 1_700_000_000_000

const commit = (partition: number, offset: number | null, atMs: number): Buffer =>
  Buffer.from(
    buildBatch([
      {
        key: encodeOffsetKey({ group: 'g', topic: 't', partition }),
        value:
          offset === null
            ? null
            : encodeOffsetValue({ offset, leaderEpoch: 0, metadata: '', commitTimestamp: atMs, expireTimestamp: -1, topicId: ZERO_UUID }),
        timestampMs: atMs,
      },
    ]),
  )

/** What compaction leaves of a batch of two, of which the second was taken out. */
function thinned(batch: Buffer): Buffer {
  batch.writeInt32BE(1, 23)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

function start() {
  const world = new World()
  const cluster = new FakeCluster(world)
  cluster.create('__consumer_offsets', 1)
  cluster.create('t', 3)
  cluster.on('DescribeConfigs', () => ({
    results: [{ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, errorMessage: null, resourceType: 4, resourceName: '1', configs: [] }],
  }))
  return { world, cluster, kafka: createKafka({ brokers: cluster.brokers, platform: world.platform }) }
}

it('where the log does not go back far enough a position is bounded by what came after', async () => {
  const { world, cluster, kafka } = start()
  cluster.append('__consumer_offsets', 0, commit(0, 5, T0))
  cluster.append('__consumer_offsets', 0, thinned(commit(1, 7, T0 + 10)))
  cluster.append('__consumer_offsets', 0, commit(1, 9, T0 + 20))
  cluster.append('__consumer_offsets', 0, commit(2, null, T0 + 30))
  const at = (ms: number) =>
    world
      .settle(positionsAt(kafka, 'g', new Date(T0 + ms)))
      .then(({ positions }) => positions.map((p) => [p.partition, p.offset, p.certainty]))
  expect(await at(5)).toEqual([
    [0, 5, 'exact'],
    [1, 7, 'bounded'],
    [2, null, 'bounded'],
  ])
  expect(await at(15)).toEqual([
    [0, 5, 'exact'],
    [1, 7, 'exact'],
    [2, null, 'bounded'],
  ])
  expect(await at(99)).toEqual([
    [0, 5, 'exact'],
    [1, 9, 'exact'],
    [2, null, 'exact'],
  ])
})

it('a topic that must not be read is HISTORY_UNREADABLE, and one that moves is read on', async () => {
  const { world, cluster, kafka } = start()
  cluster.append('__consumer_offsets', 0, commit(0, 5, T0))
  const next = () => world.settle(commitHistory(kafka, { groups: ['g'] }).next())
  cluster.once('Fetch', async (_, answered) => {
    const answer = await answered()
    answer.responses[0].partitions[0].errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER
    return answer
  })
  expect((await next()).value).toMatchObject({ to: 5, kind: 'outside' })
  cluster.on('Fetch', async (_, answered) => {
    const answer = await answered()
    answer.responses[0].partitions[0].errorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED
    return answer
  })
  expect(await world.fails(commitHistory(kafka, { groups: ['g'] }).next())).toMatchObject({ code: 'HISTORY_UNREADABLE' })
})
