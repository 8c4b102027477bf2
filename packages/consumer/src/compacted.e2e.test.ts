/** A compacted topic: reading, consuming and committing over the gaps that compaction leaves (T27, T37). */
import { startBroker } from '@tidemark/broker'
import { createAdmin, createKafka, createProducer, read } from '@tidemark/client'
import { expect, onTestFinished, test } from 'vitest'
import { createConsumer } from './index.ts'

test.each(['none', 'zstd'] as const)(
  'a reader and a group see the last value of each key, in order, and commit past the gaps (%s)',
  async (compression) => {
    const broker = await startBroker({ data: ':memory:', compactionIntervalMs: 20 })
    onTestFinished(() => broker.close())
    await using kafka = createKafka({ brokers: broker.brokers })
    const { topics, groups } = createAdmin(kafka)
    await topics.create('t', { configs: { 'cleanup.policy': 'compact', 'segment.bytes': '2000', 'min.cleanable.dirty.ratio': '0.01' } })
    await using producer = createProducer(kafka, { compression })
    const last = new Map<string, string>()
    for (let i = 0; i < 400; i++) {
      const key = `k${i % 7}`
      last.set(key, `v${i}`)
      await producer.send('t', { key, value: `v${i}` })
    }
    const readAll = async (): Promise<{ offsets: number[]; values: Map<string, string> }> => {
      const offsets: number[] = []
      const values = new Map<string, string>()
      for await (const { offset, key, value } of read(kafka, 't', { from: 'earliest', to: 'end' })) {
        offsets.push(offset)
        values.set(String(key), String(value))
      }
      return { offsets, values }
    }
    await expect.poll(async () => (await readAll()).offsets.length).toBeLessThan(200)
    const { offsets, values } = await readAll()
    expect(values).toEqual(last)
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))

    await using consumer = createConsumer(kafka, { group: 'g' })
    const seen: number[] = []
    const stop = new AbortController()
    consumer.each('t', { order: 'key', concurrency: 10 }, ({ offset }) => {
      seen.push(offset)
      if (offset === 399) stop.abort()
    })
    await consumer.run({ signal: stop.signal })
    expect([...seen].sort((a, b) => a - b).at(-1)).toBe(399)
    expect((await groups.offsets('g'))[0]!.offset).toBe(400)
  },
)
