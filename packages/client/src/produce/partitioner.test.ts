import { partitionOfKey } from '@tidemark/protocol'
import { describe, expect, it } from 'vitest'
import { numbers, start } from './producer.case.ts'
import { createProducer } from './producer.ts'

describe('partitions', () => {
  it('of keyed messages are those of Kafka’s own client (murmur2)', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t', 7)
    const keys = numbers(50).map((n) => `key-${n}`)
    const results = await world.settle(
      producer.send(
        't',
        keys.map((key) => ({ key, value: key })),
      ),
    )
    expect(results.map((r) => r.partition)).toEqual(keys.map((key) => partitionOfKey(Buffer.from(key), 7)))
  })

  it('of messages without a key stay for a batch, and change with it (KIP-480)', async () => {
    const { world, cluster, producer } = start()
    cluster.create('t', 5)
    const chosen: number[] = []
    for (let i = 0; i < 12; i++) {
      const results = await world.settle(
        producer.send(
          't',
          numbers(10).map((value) => ({ value })),
        ),
      )
      expect(new Set(results.map((r) => r.partition)).size).toBe(1)
      chosen.push(results[0]!.partition)
    }
    for (let i = 1; i < chosen.length; i++) expect(chosen[i]).not.toBe(chosen[i - 1])
    expect(new Set(chosen).size).toBeGreaterThan(3)
  })

  it('may be chosen by the caller, or by a partitioner', async () => {
    const { world, cluster, kafka } = start()
    cluster.create('t', 5)
    const producer = createProducer(kafka, { partitioner: ({ key, partitions }) => Number(key) % partitions })
    const results = await world.settle(
      producer.send('t', [
        { key: '8', value: 'a' },
        { key: '8', value: 'b', partition: 1 },
      ]),
    )
    expect(results.map((r) => r.partition)).toEqual([3, 1])
  })
})
