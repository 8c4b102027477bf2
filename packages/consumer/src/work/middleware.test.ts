import type { ReceivedMessage } from '@tidemark/client'
import { describe, expect, test } from 'vitest'
import type { Context } from './context.ts'
import { type Middleware, withMiddleware } from './middleware.ts'

const message = {} as ReceivedMessage
const context = {} as Context
const turn = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await null
}

/** Calls the handler within the middleware, and tells how that went. */
function call(middleware: Middleware, handler: () => unknown) {
  const t = { outcome: 'pending' }
  const tell = async (): Promise<void> => {
    t.outcome = await Promise.resolve(withMiddleware([middleware], handler)(message, context)).then(
      (value) => `done ${String(value)}`,
      (error: Error) => error.message,
    )
  }
  return Object.assign(t, { ended: tell() })
}

const careless: [string, Middleware][] = [
  ['neither waits nor returns a promise', (_, __, next) => void next()],
  ['is asynchronous, and does not wait', async (_, __, next) => void next()],
  ['waits for something else', async (_, __, next) => void (next(), await null)],
]

describe('a middleware that', () => {
  test.each(careless)('%s: the call is not over before the handler is, and fails with it', async (_, middleware) => {
    const handler = Promise.withResolvers<void>()
    const good = call(middleware, () => handler.promise)
    await turn()
    expect(good.outcome).toBe('pending')
    handler.resolve()
    await good.ended
    expect(good.outcome).toBe('done undefined')
    const bad = call(middleware, async () => {
      await turn()
      throw new Error('no')
    })
    await bad.ended
    expect(bad.outcome).toBe('no')
    const atOnce = call(middleware, () => {
      throw new Error('at once')
    })
    await atOnce.ended
    expect(atOnce.outcome).toBe('at once')
  })

  test('fails while its handler runs: the call fails once the handler has settled, so that no other attempt runs beside it', async () => {
    const handler = Promise.withResolvers<void>()
    const limited = call(
      (_, __, next) => Promise.race([next(), Promise.reject(new Error('too long'))]),
      () => handler.promise,
    )
    await turn()
    expect(limited.outcome).toBe('pending')
    handler.resolve()
    await limited.ended
    expect(limited.outcome).toBe('too long')
  })

  test('sees the failure, and goes on: the call is done', async () => {
    const seen: unknown[] = []
    const forgiving = call(
      async (_, __, next) => {
        await next().catch((error) => seen.push(error))
        return 'forgiven'
      },
      () => Promise.reject(new Error('no')),
    )
    await forgiving.ended
    expect([forgiving.outcome, seen.length]).toEqual(['done forgiven', 1])
  })

  test('calls next() twice without waiting, or too late, is told so', async () => {
    let handled = 0
    const twice = call(
      (_, __, next) => void (next(), next()),
      () => handled++,
    )
    await twice.ended
    expect([twice.outcome, handled]).toEqual([expect.stringContaining('called twice'), 1])
    let late: (() => Promise<unknown>) | undefined
    const never = call(
      (_, __, next) => void (late = next),
      () => handled++,
    )
    await never.ended
    await expect(late!()).rejects.toThrow('after its middleware had ended')
    expect([never.outcome, handled]).toEqual(['done undefined', 1])
  })
})
