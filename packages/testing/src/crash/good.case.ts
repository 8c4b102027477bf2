/** A service without a defect: it waits for its effects. */
import { createConsumer } from '@tidemark/consumer'
import type { Service } from '../index.ts'

export const good: Service = ({ kafka, effect }) =>
  createConsumer(kafka, { group: 'billing' }).each('orders', { order: 'key' }, async (message) => {
    await effect(`charge ${message.value}`)
  })
