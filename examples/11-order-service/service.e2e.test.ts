/** The service's own tests: on a broker in memory, with a database that has nothing in it. */
import { useTestKafka } from '@tidemark/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type ExampleDatabase, startDatabase } from '../database.ts'
import { orders, startService } from './service.ts'

const kafka = useTestKafka({ beforeAll, afterEach, afterAll })
let database: ExampleDatabase
beforeAll(async () => {
  database = await startDatabase()
}, 60_000)
afterAll(() => database[Symbol.asyncDispose]())

async function withService<T>(act: (url: string) => Promise<T>): Promise<T> {
  const service = await startService({ brokers: kafka.brokers, databaseUrl: database.url, port: 0 })
  try {
    return await act(service.url)
  } finally {
    await service.stop()
  }
}

const bills = async () => (await database.pool.query('SELECT order_id, quantity FROM bill ORDER BY order_id')).rows

test('an order that is delivered twice is billed once', async () => {
  const order = { key: 'o-1', value: { id: 'o-1', item: 'apples', quantity: 3 } }
  await kafka.seed(orders, [order])
  // The service bills it, and Kafka refuses its commit.
  const commits = kafka.faults.fail('OffsetCommit', { error: 'GROUP_AUTHORIZATION_FAILED' })
  await withService(async () => {
    await expect.poll(bills, { timeout: 20_000 }).toEqual([{ order_id: 'o-1', quantity: 3 }])
  })
  commits.undo()
  await withService(() => kafka.committed('order-service', orders, { timeoutMs: 60_000 }))
  expect(await bills()).toEqual([{ order_id: 'o-1', quantity: 3 }])
})

test('an order that does not match the schema is refused, and never written', async () => {
  await kafka.seed(orders, [])
  await withService(async (url) => {
    const response = await fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'o-2', item: 'plums', quantity: 0 }),
    })
    expect(response.status).toBe(400)
  })
  expect(await kafka.produced(orders, { count: 0 })).toEqual([])
})
