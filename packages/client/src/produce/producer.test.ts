import { batchesIn, ErrorCode, RecordCursor } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { createKafka } from '../kafka.ts'
import { FakeCluster } from '../testing/cluster.case.ts'
import { World } from '../testing/world.case.ts'
import { createProducer } from './producer.ts'
import type { ProducerOptions } from './types.ts'

function start(options: ProducerOptions = {}, nodes = 1) {
  const world = new World()
  const cluster = new FakeCluster(world, nodes)
  const kafka = createKafka({ brokers: cluster.brokers, platform: world.platform })
  const producer = createProducer(kafka, options)
  return { world, cluster, kafka, producer }
}

/** The values of a partition's log, in order. */
function logOf(cluster: FakeCluster, topic: string, partition = 0): string[] {
  return cluster.partition(topic, partition).batches.flatMap((bytes) => {
    const out: string[] = []
    for (const { at, header } of batchesIn(bytes)) {
      const cursor = new RecordCursor(bytes.subarray(at, at + header.size), header)
      while (cursor.next()) out.push(String(cursor.value))
    }
    return out
  })
}

describe('a producer', () => {
  it('says where a message is once it is acknowledged', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    const first = await world.settle(producer.send('t', { key: 'k', value: 'v', timestampMs: 5 }))
    expect(first).toEqual({ topic: 't', partition: 0, offset: 0, timestampMs: 5 })
    const more = await world.settle(producer.send('t', [{ value: 'a' }, { value: 'b' }]))
    expect(more.map((r) => r.offset)).toEqual([1, 2])
    expect(logOf(cluster, 't')).toEqual(['v', 'a', 'b'])
  })

  it('goes on in order and without duplicates when answers are lost', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    let n = 0
    cluster.on('Produce', async (_call, next) => {
      const reply = await next()
      return ++n % 3 === 0 ? 'close' : reply
    })
    const sends: Promise<unknown>[] = []
    for (let i = 0; i < 30; i++) {
      sends.push(producer.send('t', { value: `${i}` }))
      await world.run(1)
    }
    await world.settle(Promise.all(sends))
    expect(logOf(cluster, 't')).toEqual(Array.from({ length: 30 }, (_, i) => `${i}`))
    expect(n).toBeGreaterThan(9)
  })
  it('begins anew under the next epoch when the broker lost the tail of the log (KIP-360)', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t')
    await world.settle(producer.send('t', { value: 'a' }))
    await world.settle(producer.send('t', { value: 'b' }))
    const p = cluster.partition('t')
    p.batches.pop()
    p.end = 1
    for (const s of p.sequences.values()) {
      s.next = 1
      s.recent.delete(1)
    }
    const sent = await world.settle(Promise.all(['c', 'd', 'e'].map((value) => producer.send('t', { value }))))
    expect(sent.map((r) => r.offset)).toEqual([1, 2, 3])
    expect(logOf(cluster, 't')).toEqual(['a', 'c', 'd', 'e'])
    expect([...p.sequences.values()][0]?.epoch).toBe(1)
    void ErrorCode
  })
})
