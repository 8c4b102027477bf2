import { batchesIn, ErrorCode, RecordCursor } from '@tidemark/protocol'
import { expect, it } from 'vitest'
import { createKafka } from '../kafka.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { createProducer } from './producer.ts'

const PARTITIONS = 3
const MESSAGES = 150

function logOf(cluster: FakeCluster, partition: number): number[] {
  return cluster.partition('t', partition).batches.flatMap((bytes) => {
    const { header } = [...batchesIn(bytes)][0]!
    const cursor = new RecordCursor(bytes, header)
    const out: number[] = []
    while (cursor.next()) out.push(Number(String(cursor.value)))
    return out
  })
}

/** Leaders move, answers are lost before and after the append, batches are refused, all at once. */
async function disturbed(seed: number) {
  const world = new World(seed)
  const cluster = new FakeCluster(world, 3)
  cluster.create('t', PARTITIONS)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, requestTimeoutMs: 2_000 })
  const producer = createProducer(kafka, { batchBytesMax: 300 + Math.floor(world.next() * 2_000) })
  let calm = false
  cluster.on('Produce', async (_call, next) => {
    const dice = calm ? 1 : world.next()
    if (dice < 0.06) return 'close'
    if (dice < 0.08) return 'silent'
    const reply = await next()
    if (dice < 0.14) return 'close'
    if (dice < 0.16) return 'silent'
    if (dice > 0.9) await new Promise<void>((resolve) => void world.schedule(world.next() * 300, resolve))
    return reply
  })
  cluster.on('Produce', (call) => {
    if (calm || world.next() > 0.08) return undefined
    const codes = [
      ErrorCode.NOT_ENOUGH_REPLICAS,
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
      ErrorCode.KAFKA_STORAGE_ERROR,
      ErrorCode.MESSAGE_TOO_LARGE,
    ]
    const partitions = (t: any) =>
      t.partitionData.map((p: any) => ({ index: p.index, errorCode: codes[Math.floor(world.next() * 3)], baseOffset: -1 }))
    return { responses: call.body.topicData.map((t: any) => ({ name: t.name, topicId: t.topicId, partitionResponses: partitions(t) })) }
  })
  const sends: Promise<unknown>[] = []
  for (let i = 0; i < MESSAGES; i++) {
    sends.push(producer.send('t', { value: `${i}`.padStart(20), partition: i % PARTITIONS }))
    if (world.next() < 0.5) await world.run(world.next() * 20)
    if (world.next() < 0.05) cluster.moveLeader('t', Math.floor(world.next() * PARTITIONS), 1 + Math.floor(world.next() * 3))
    if (world.next() < 0.02) cluster.disconnectAll()
  }
  await world.run(5_000)
  calm = true
  await world.settle(Promise.all(sends))
  return cluster
}

it.each(Array.from({ length: 40 }, (_, i) => i + 1))('seed %i: nothing is lost, doubled or out of order', async (seed) => {
  const cluster = await disturbed(seed)
  for (let p = 0; p < PARTITIONS; p++) {
    expect(logOf(cluster, p)).toEqual(Array.from({ length: MESSAGES / PARTITIONS }, (_, i) => i * PARTITIONS + p))
  }
})
