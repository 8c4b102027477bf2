/** Services with a defect that must be found, each with its seed. Those that hold: `crash-test.long.test.ts`. */
import { createConsumer } from '@tidemark/consumer'
import { describe, expect, test } from 'vitest'
import { crashTest, type Service } from '../index.ts'
import { good } from './good.case.ts'

test('the same seed gives the same run', async () => {
  const lines: string[][] = [[], []]
  for (const log of lines) await crashTest(good, { topic: 'orders', seed: 6, log: (line) => log.push(line) })
  expect(lines[0]!.length).toBeGreaterThan(50)
  expect(lines[1]).toEqual(lines[0])
})

describe('finds', () => {
  const found = async (service: Service, options: object = {}): Promise<string> => {
    const error = await crashTest(service, { topic: 'orders', seeds: 60, ...options }).then(
      () => undefined,
      (e) => e,
    )
    expect(error).toMatchObject({ code: 'CRASH_TEST_FAILED' })
    return error.message
  }

  test('an effect that is not awaited: it is lost in a crash', async () => {
    const service: Service = ({ kafka, effect }) =>
      createConsumer(kafka, { group: 'billing' }).each('orders', (message) => {
        void effect(`charge ${message.value}`)
      })
    const message = await found(service, { order: 'none' })
    expect(message).toMatch(/^seed \d+: the effect 'charge \d+' is lost/)
    expect(message).toMatch(/run it again with \{ seed: \d+, log: console.log \}\n/)
    const seed = Number(/^seed (\d+)/.exec(message)![1])
    expect(await found(service, { order: 'none', seed })).toBe(message)
  })

  test('commits on delivery', async () => {
    const service: Service = ({ kafka, effect }) =>
      createConsumer(kafka, { group: 'billing', commit: 'delivered' }).each(
        'orders',
        async (message) => await effect(`charge ${message.value}`),
      )
    expect(await found(service)).toContain('is lost')
  })

  test('work side by side where an order was promised', async () => {
    const service: Service = ({ kafka, effect }) =>
      createConsumer(kafka, { group: 'billing' }).each(
        'orders',
        { order: 'none' },
        async (message) => await effect(`charge ${message.value}`),
      )
    expect(await found(service)).toMatch(/begins before the one at/)
  })

  test('an effect that is repeated though it must happen once', async () => {
    expect(await found(good, { once: true })).toMatch(/the effect 'charge \d+' happened 2 times/)
  })

  test('a handler that fails by itself, that never ends, and a service that reads something else', async () => {
    const throwing: Service = ({ kafka }) =>
      createConsumer(kafka, { group: 'g' }).each('orders', { retry: { attempts: 1 } }, () => Promise.reject(new Error('mine')))
    expect(await found(throwing)).toMatch(/nothing has gone wrong yet: the handler failed .*mine/)
    const waiting: Service = ({ kafka }) => createConsumer(kafka, { group: 'g' }).each('orders', () => new Promise(() => {}))
    expect(await found(waiting)).toContain('does a handler wait for something that is not in the simulated world')
    await expect(crashTest((() => ({})) as never, { topic: 'orders' })).rejects.toThrow('must return its consumer')
    await expect(crashTest(good, { topic: 'orders', seed: 0 })).rejects.toThrow("option 'seed' is 0")
  })
})
