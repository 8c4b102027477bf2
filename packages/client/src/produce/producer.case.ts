/** A producer in a world of its own, before brokers that do as they are told. */
import { batchesIn, RecordCursor } from '@tidemark/protocol'
import { createKafka } from '../kafka.ts'
import type { KafkaOptions } from '../options.ts'
import { type Call, FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { createProducer } from './producer.ts'
import type { ProducerOptions } from './types.ts'

export function start(options: ProducerOptions = {}, nodes = 1, kafkaOptions: Partial<KafkaOptions> = {}) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform, ...kafkaOptions })
  const producer = createProducer(kafka, options)
  return { world, cluster, kafka, producer }
}

/** The values of a partition's log, in order. */
export function logOf(cluster: FakeCluster, topic = 't', partition = 0): string[] {
  return cluster.partition(topic, partition).batches.flatMap((bytes) => {
    const out: string[] = []
    for (const { at, header } of batchesIn(bytes)) {
      const cursor = new RecordCursor(bytes.subarray(at, at + header.size), header)
      while (cursor.next()) out.push(String(cursor.value))
    }
    return out
  })
}

/** Sends so many numbers one by one, a millisecond between them, until all are settled. */
export async function sendNumbers({ world, producer }: Pick<ReturnType<typeof start>, 'world' | 'producer'>, count: number): Promise<void> {
  const sends: Promise<unknown>[] = []
  for (const value of numbers(count)) {
    sends.push(producer.send('t', { value }))
    await world.run(1)
  }
  await world.settle(Promise.all(sends))
}

export const numbers = (n: number): string[] => Array.from({ length: n }, (_, i) => `${i}`)
export const headersOf = (call: Call) =>
  call.body.topicData.flatMap((t: any) => t.partitionData.map((p: any) => [...batchesIn(Buffer.from(p.records))][0]!.header))
export const answerAll = (call: Call, errorCode: number, over: object = {}) => ({
  responses: call.body.topicData.map((t: any) => ({
    name: t.name,
    topicId: t.topicId,
    partitionResponses: t.partitionData.map((p: any) => ({ index: p.index, errorCode, baseOffset: -1, ...over })),
  })),
})
