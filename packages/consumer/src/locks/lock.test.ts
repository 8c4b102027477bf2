import { TidemarkError } from '@tidemark/platform'
import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import { LeasedLock, type LockBackend, lockOptions } from './lock.ts'

const turn = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await null
}

/** Locks in memory, on the test's clock; `trouble` decides what a request meets. */
function start(options = {}) {
  const clock = new ManualClock()
  const held = new Map<string, { token: string; untilMs: number }>()
  const asked: string[] = []
  let fence = 0
  const t = { trouble: (_: string): Promise<void> => Promise.resolve() }
  const isFree = (name: string, token: string): boolean => {
    const known = held.get(name)
    return known === undefined || known.token === token || known.untilMs <= clock.monotonic()
  }
  const backend: LockBackend = {
    name: 'memory',
    async acquire(name, token, ttlMs) {
      asked.push('acquire')
      await t.trouble('acquire')
      if (!isFree(name, token)) return undefined
      held.set(name, { token, untilMs: clock.monotonic() + ttlMs })
      return ++fence
    },
    async renew(name, token, ttlMs) {
      asked.push('renew')
      await t.trouble('renew')
      if (held.get(name)?.token !== token) return false
      held.set(name, { token, untilMs: clock.monotonic() + ttlMs })
      return true
    },
    async release(name, token) {
      asked.push('release')
      if (held.get(name)?.token === token) held.delete(name)
    },
  }
  let n = 0
  const random = { next: () => 0.5, uuid: () => `token ${++n}` }
  const lock = new LeasedLock(backend, lockOptions({ ttlMs: 900, waitMaxMs: 1_000, retryDelayMs: 100, ...options }), clock, random)
  return Object.assign(t, { clock, held, asked, lock })
}

const never = (): Promise<never> => new Promise(() => {})

describe('a lock', () => {
  test('is held while the work runs, renewed meanwhile, and let go afterwards', async () => {
    const t = start()
    const work = Promise.withResolvers<string>()
    const running = t.lock.run('a', ({ fence }) => work.promise.then((text) => `${text} ${fence}`))
    await turn()
    for (let i = 0; i < 10; i++) {
      await t.clock.advance(300)
      await turn()
    }
    expect(t.held.get('a')?.untilMs).toBeGreaterThan(t.clock.monotonic())
    work.resolve('done with')
    expect(await running).toBe('done with 1')
    expect(t.held.size).toBe(0)
    const { length } = t.asked
    await t.clock.advance(5_000)
    expect(t.asked.length).toBe(length)
  })

  test("that cannot be renewed is lost before it can be another one's: the signal says so, and run rejects", async () => {
    const t = start()
    const seen: unknown[] = []
    const work = Promise.withResolvers<void>()
    const running = t.lock.run('a', ({ signal }) => {
      signal.addEventListener('abort', () => seen.push(signal.reason.code, t.held.get('a')!.untilMs - t.clock.monotonic()))
      return work.promise
    })
    running.catch(() => {})
    await turn()
    t.trouble = never
    await t.clock.advance(899)
    await turn()
    expect(seen).toEqual([])
    await t.clock.advance(1)
    await turn()
    expect(seen).toEqual(['LOCK_LOST', 0])
    work.resolve()
    await expect(running).rejects.toMatchObject({ code: 'LOCK_LOST' })
    expect(t.asked).not.toContain('release')
  })

  test('that another has is lost at once when it is to be renewed', async () => {
    const t = start()
    const held = await t.lock.acquire('a')
    t.held.set('a', { token: 'another', untilMs: 10_000 })
    await t.clock.advance(300)
    await turn()
    expect(held.signal.reason).toMatchObject({ code: 'LOCK_LOST' })
    await held.release()
    expect(t.held.get('a')?.token).toBe('another')
  })

  test('is waited for until the limit, then LOCK_TIMED_OUT', async () => {
    const t = start()
    t.held.set('a', { token: 'another', untilMs: 100_000 })
    const waiting = t.lock.acquire('a')
    waiting.catch(() => {})
    for (let i = 0; i < 30; i++) {
      await turn()
      await t.clock.advance(50)
    }
    await expect(waiting).rejects.toMatchObject({ code: 'LOCK_TIMED_OUT', message: /another has it/ })
    await expect(t.lock.acquire('a', { waitMaxMs: 0 })).rejects.toMatchObject({ code: 'LOCK_TIMED_OUT' })
  })

  test('is got when the other lets go of it, and the wait ends with its signal', async () => {
    const t = start()
    t.held.set('a', { token: 'another', untilMs: 200 })
    const waiting = t.lock.acquire('a')
    const ended = new AbortController()
    const other = t.lock.acquire('a', { signal: ended.signal })
    await turn()
    ended.abort()
    await expect(other).rejects.toMatchObject({ code: 'ABORTED' })
    for (let i = 0; i < 6; i++) {
      await t.clock.advance(50)
      await turn()
    }
    expect((await waiting).fence).toBe(1)
  })

  test('a backend that cannot be reached is asked again; one that refuses is not', async () => {
    const t = start()
    t.trouble = () => Promise.reject(new TidemarkError('STORE_UNAVAILABLE', 'no connection'))
    const waiting = t.lock.acquire('a')
    waiting.catch(() => {})
    for (let i = 0; i < 30; i++) {
      await turn()
      await t.clock.advance(50)
    }
    await expect(waiting).rejects.toMatchObject({
      code: 'LOCK_TIMED_OUT',
      message: /could not be asked/,
      cause: { code: 'STORE_UNAVAILABLE' },
    })
    t.trouble = () => Promise.reject(new TidemarkError('STORE_FAILED', 'no permission'))
    await expect(t.lock.acquire('a')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

  test('names what is wrong with an option', async () => {
    expect(() => start({ ttl: 1 })).toThrow(/did you mean 'ttlMs'/)
    await expect(start().lock.acquire('')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(start().lock.acquire('a', { waitMaxMs: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('a signal that has aborted takes no lock, and one that aborts while it is being taken lets go of it', async () => {
    const t = start()
    await expect(t.lock.acquire('a', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(t.asked).toEqual([])
    const [answer, ending] = [Promise.withResolvers<void>(), new AbortController()]
    t.trouble = () => answer.promise
    const taking = t.lock.acquire('a', { signal: ending.signal })
    ending.abort('not needed any more')
    answer.resolve()
    await expect(taking).rejects.toMatchObject({ code: 'ABORTED', cause: 'not needed any more' })
    await turn()
    expect([t.held.size, t.clock.pending]).toEqual([0, 0])
  })

  test('who releases it while it is being released waits for that too', async () => {
    const t = start()
    const held = await t.lock.acquire('a')
    await Promise.all([held.release(), held.release().then(() => expect(t.held.size).toBe(0))])
    await held.release()
    expect(t.asked).toEqual(['acquire', 'release'])
  })
})
