import { DatabaseSync } from 'node:sqlite'
import { ManualClock } from '@tidemark/platform/testing'
import { describe, expect, test } from 'vitest'
import { redisIds } from '../redis.ts'
import { sqliteIds } from '../sqlite.ts'
import { idempotentFetch } from './http.ts'
import { idempotent, Once } from './idempotent.ts'
import { idCases } from './ids.case.ts'
import { MemoryIds, memoryIds } from './memory.ts'

describe('ids in memory', () => {
  test.each(Object.entries(idCases))('%s', (_, run) => run(memoryIds()))

  test('are bounded: the oldest that is done is forgotten, one in progress never', async () => {
    const ids = new MemoryIds(3, new ManualClock())
    await ids.begin('busy', 't', 1_000)
    for (const id of ['a', 'b', 'c', 'd']) {
      await ids.begin(id, 't', 1_000)
      await ids.finish(id, 't', 1_000)
    }
    const kinds = await Promise.all(['busy', 'd', 'a'].map(async (id) => (await ids.begin(id, 'other', 1_000)).kind))
    expect(kinds).toEqual(['in progress', 'done', 'new'])
  })
})

describe('ids in SQLite', () => {
  test.each(Object.entries(idCases))('%s', (_, run) => run(sqliteIds(new DatabaseSync(':memory:'))))

  test('rows whose time is over are deleted along the way', async () => {
    const db = new DatabaseSync(':memory:')
    const ids = sqliteIds(db)
    for (let i = 0; i < 250; i++) {
      await ids.begin(`${i}`, 't', 60_000)
      await ids.finish(`${i}`, 't', 1)
    }
    expect(Number(db.prepare('SELECT count(*) AS n FROM tidemark_id').get()!.n)).toBeLessThan(160)
  })
})

const contextOf = (id: string) => ({ id, signal: new AbortController().signal })

describe('idempotent', () => {
  test('calls the handler once for an id, and again after it failed', async () => {
    const states: string[] = []
    let calls = 0
    const handler = () => {
      if (++calls === 1) throw new Error('no')
    }
    const once = idempotent(memoryIds(), handler, { onState: (state) => states.push(state) })
    await expect(once(undefined, contextOf('a'))).rejects.toThrow('no')
    await once(undefined, contextOf('a'))
    await once(undefined, contextOf('a'))
    expect([calls, states]).toEqual([2, ['new', 'new', 'done']])
  })

  test('a record that becomes a dead letter is handled when it comes back with its name; one that is skipped is done', async () => {
    const ids = memoryIds()
    const said = (words: object) => ({ ...contextOf('a'), ...words })
    let calls = 0
    const once = idempotent(ids, () => void calls++)
    await once(undefined, said({ deadLettered: { why: 'no such customer' } }))
    await once(undefined, said({ deadLettered: { why: 'no' }, skipped: { why: 'not wanted' } }))
    await once(undefined, contextOf('a'))
    expect(calls).toBe(2)
  })

  test('an onState that throws fails the call, and leaves no lease behind', async () => {
    const ids = memoryIds()
    const options = { onState: () => expect.fail('from onState') }
    await expect(idempotent(ids, () => {}, options)(undefined, contextOf('a'))).rejects.toThrow('from onState')
    await idempotent(ids, () => {})(undefined, contextOf('a'))
  })

  test('wrong stores are refused', () => {
    for (const store of [undefined, null, {}, 'redis', { begin() {} }]) {
      expect(() => idempotent(store as never, () => {})).toThrow('the store of idempotent() is')
    }
  })

  test('in progress by another fails to be retried, or waits for it', async () => {
    const ids = memoryIds()
    const first = Promise.withResolvers<void>()
    const running = idempotent(ids, () => first.promise)(undefined, contextOf('a'))
    const impatient = idempotent(ids, () => {}, { waitMaxMs: 0 })
    await expect(impatient(undefined, contextOf('a'))).rejects.toMatchObject({ code: 'IN_PROGRESS' })
    const waiting = idempotent(ids, () => expect.fail('it is done'))(undefined, contextOf('a'))
    first.resolve()
    await Promise.all([running, waiting])
  })

  test('outwaits a holder that died, unless told otherwise: it costs no attempt', async () => {
    const ids = memoryIds()
    await ids.begin('a', 'dead', 200)
    let calls = 0
    await idempotent(ids, () => calls++, { leaseMs: 200 })(undefined, contextOf('a'))
    expect(calls).toBe(1)
  })

  test('renews its lease while the handler runs; one that was overtaken says LOCK_LOST', async () => {
    const clock = new ManualClock()
    const ids = new MemoryIds(10, clock)
    const once = new Once(ids, clock, { ttlMs: 10_000, leaseMs: 300, waitMaxMs: 0, onState: () => {} })
    const work = Promise.withResolvers<void>()
    const running = once.run(contextOf('a'), () => work.promise)
    running.catch(() => {})
    for (let i = 0; i < 10; i++) {
      await null
      await clock.advance(100)
    }
    expect((await ids.begin('a', 'other', 300)).kind).toBe('in progress')
    ids.renew = async () => false // as if the process had been stopped
    await clock.advance(400)
    expect((await ids.begin('a', 'other', 300)).kind).toBe('new')
    work.resolve()
    await expect(running).rejects.toMatchObject({ code: 'LOCK_LOST' })
  })
})

describe('idempotentFetch', () => {
  const sent: { readonly url: unknown; readonly key: string | null; readonly signal: AbortSignal }[] = []
  const fetch: typeof globalThis.fetch = async (url, init) => {
    sent.push({ url, key: new Headers(init?.headers).get('idempotency-key'), signal: init!.signal! })
    return new Response()
  }

  test('sets the key, which the request may have set itself, and ends with the context', async () => {
    const ending = new AbortController()
    const context = { id: 'topic-0-7', signal: ending.signal }
    await idempotentFetch(context, undefined, fetch)('http://a', { method: 'POST' })
    await idempotentFetch(context, 'charge', fetch)(new Request('http://b', { headers: { 'x-a': '1' } }))
    await idempotentFetch(context, 'charge', fetch)('http://c', { headers: { 'Idempotency-Key': 'mine' } })
    expect(sent.map((s) => s.key)).toEqual(['topic-0-7', 'topic-0-7:charge', 'mine'])
    ending.abort()
    expect(sent.every((s) => s.signal.aborted)).toBe(true)
  })
})

test('what is misspelt or is not a store is refused', () => {
  const redis = { eval: async () => null }
  expect(() => redisIds(redis, { prefx: 'a' } as never)).toThrow("unknown option 'prefx'")
  expect(() => idempotent({} as never, () => {})).toThrow('the store of idempotent() is an object')
})
