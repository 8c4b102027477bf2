import { createKafka } from '@tidemark/client'
import { expect, test } from 'vitest'
import { createConsumer, deadLetter } from './index.ts'

const kafka = createKafka({ brokers: ['127.0.0.1:1'] })
const consumer = () => createConsumer(kafka, { group: 'g' })
const settings = { exhausted: deadLetter('orders.dead') }
const ended = { signal: AbortSignal.abort() }

test.each([['orders.dead'], [/^orders/], [['orders', 'orders.dead']]])('%s does not take its own dead letters', async (topics) => {
  await expect(
    consumer()
      .each(topics, settings, () => {})
      .run(ended),
  ).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining("it reads 'orders.dead'; name another dead-letter topic, or a pattern that does not match it"),
  })
  await expect(
    consumer()
      .batches(topics, settings, () => {})
      .run(ended),
  ).rejects.toMatchObject({ code: 'INVALID_OPTION' })
})

test('another handler of the consumer may take them', async () => {
  const both = consumer()
    .each(/^orders/, settings, () => {})
    .each('orders.dead', () => {})
  await both.run(ended)
  await consumer()
    .each('orders', settings, () => {})
    .run(ended)
})
