/** Services that hold, over many seeds. */
import { createConsumer } from '@tidemark/consumer'
import { expect, test } from 'vitest'
import { crashTest, type Service } from '../index.ts'
import { good } from './good.case.ts'

test('a service that waits for its effects loses nothing, in order, and repeats what a crash explains', async () => {
  const report = await crashTest(good, { topic: 'orders', seeds: 40 })
  expect(report.seeds).toBe(40)
  for (const count of [report.crashes, report.rebalances, report.freezes, report.commitsFailed]) expect(count).toBeGreaterThan(5)
  expect(report.repetitions).toBeGreaterThan(0)
})

test('batches, and effects that happen once by a stable id', async () => {
  const service: Service = ({ kafka, effect, outside }) =>
    createConsumer(kafka, { group: 'billing' }).batches('orders', { recordsMax: 4 }, async (batch) => {
      for (const { partition, offset, value } of batch) {
        const id = `${partition}:${offset}`
        if (outside.has(id)) continue
        await effect(`charge ${value}`)
        outside.set(id, true)
      }
    })
  await crashTest(service, { topic: 'orders', order: 'partition', seeds: 20 })
})
