/** Calls that fail or take too long: attempts, time-outs, dead letters, and records that killed a process. */
import { TidemarkError } from '@tidemark/platform'
import { describe, expect, test } from 'vitest'
import type { Guard } from '../claims/guard.ts'
import type { Admission } from '../claims/guards.ts'
import { committable, tracker } from '../commit/tracker.ts'
import type { TransactionalStore } from '../stores/store.ts'
import { end, settled, workOf } from '../testing/by-order.case.ts'
import { deadLetter } from './dead-letter.ts'
import type { EachWork } from './work.ts'

test('with a store: the time that the database takes to begin is not the handler’s, and a record whose handler was never called is not skipped (seed 3002496)', async () => {
  const failing = [true, true, true]
  const store = {
    name: 'a database that comes back',
    run: async (_: unknown, records: readonly unknown[], act: (tx: unknown, fresh: readonly unknown[]) => unknown) => {
      if (failing.shift()) throw new TidemarkError('STORE_UNAVAILABLE', 'the connection to the database was lost')
      await act({}, records)
    },
  } as unknown as TransactionalStore<unknown>
  const t = workOf({ store, timeoutMs: 100, exhausted: 'skip', retry: { attempts: 1, delayMs: 1, delayMaxMs: 1 } })
  const c = t.claim()
  c.holding = {} as never
  t.fetch(c, 'a')
  for (let i = 0; i < 20 && t.calls.length === 0; i++) {
    t.clock.advance(1_000)
    await settled()
  }
  expect([t.started(), t.told, committable(c.tracker)]).toEqual([[0], [], 0])
  t.clock.advance(99)
  await t.call(0).resolve()
  for (let i = 0; i < 20; i++) await null
  expect([t.told, committable(c.tracker)]).toEqual([[], 1])
  t.fetch(c, 'b')
  for (let i = 0; i < 20; i++) await null
  t.clock.advance(100)
  expect(t.call(1).context.signal.reason).toBe('timeout')
})

describe('failures', () => {
  test('are tried again with growing pauses until the attempts are exhausted, and then the partition stops', async () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    await t.call(0).reject('first')
    t.clock.advance(75)
    await t.call(0).reject('second')
    t.clock.advance(150)
    await t.call(0).reject('third')
    expect(t.told).toEqual(['retry 0 after attempt 1', 'retry 0 after attempt 2', 'stop 0: third'])
    expect(t.started()).toEqual([0, 0, 0])
    expect(committable(c.tracker)).toBe(0)
  })

  test('skip counts an exhausted record as done and goes on', async () => {
    const t = workOf({ exhausted: 'skip', retry: { attempts: 1, delayMs: 0, delayMaxMs: 0 } })
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    await t.call(0).reject('bad')
    expect(t.told).toEqual(['skip 0: bad'])
    expect(committable(c.tracker)).toBe(1)
    expect(t.started()).toEqual([0, 1])
  })

  test.each([
    [
      'throws in the call',
      () => {
        throw new Error('sync')
      },
    ],
    [
      'throws what is not an error',
      () => {
        throw undefined
      },
    ],
    ['rejects with undefined', () => Promise.reject(undefined)],
  ])('a handler that %s has failed and takes nothing else with it (T42)', async (_, handler) => {
    const t = workOf({ handler, retry: { attempts: 1, delayMs: 0, delayMaxMs: 0 }, exhausted: 'skip' })
    const c = t.claim()
    t.fetch(c, 'x')
    await settled()
    expect(t.told).toHaveLength(1)
    expect(committable(c.tracker)).toBe(1)
  })

  test('a handler that does not settle in time has failed, and is tried again only once it has settled', async () => {
    const t = workOf({ order: 'key', concurrency: 1, timeoutMs: 500, timeoutGraceMs: 10_000 })
    const c = t.claim()
    t.fetch(c, 'x', 'x', 'y')
    const { signal } = t.call(0).context
    t.clock.advance(5_000)
    expect(signal.reason).toBe('timeout')
    expect(t.started()).toEqual([0]) // its slot and its key are taken
    await t.calls[0]!.resolve()
    expect(committable(c.tracker)).toBe(0)
    expect(t.told).toEqual(['retry 0 after attempt 1'])
    expect(t.started()).toEqual([0, 2])
    await t.call(2).resolve()
    t.clock.advance(100)
    expect(t.started()).toEqual([0, 2, 0])
  })

  test('a handler that outlives its time-out and its grace period stops its partition as stuck', () => {
    const t = workOf({ timeoutMs: 500, timeoutGraceMs: 1_000 })
    t.fetch(t.claim(), 'x')
    t.clock.advance(1_499)
    expect(t.told).toEqual([])
    t.clock.advance(1)
    expect(t.told).toEqual(['stuck 0 after 1500 ms'])
  })

  test('a stuck call that held nothing up is reported as stuck once its partition is back and waits for it', () => {
    const t = workOf({ timeoutMs: 500, timeoutGraceMs: 1_000 })
    const old = t.claim()
    t.fetch(old, 'x')
    end(old, 'lost')
    t.worker.drop(old)
    t.clock.advance(3_000)
    expect(t.told).toEqual([])
    t.fetch(t.claim(), 'x')
    expect(t.started()).toEqual([0]) // the partition has one lane, and the old call is in it
    t.clock.advance(1_000)
    expect(t.told).toEqual(['stuck 0 after 3500 ms'])
  })

  test('a stuck call is counted until it settles', async () => {
    const t = workOf({ timeoutMs: 500, timeoutGraceMs: 1_000 })
    const c = t.claim()
    t.fetch(c, 'x')
    t.clock.advance(1_500)
    expect(c.calls).toMatchObject({ running: 1, stuck: 1 })
    await t.call(0).resolve()
    expect(c.calls).toMatchObject({ running: 0, stuck: 0 })
  })

  test('a stuck call whose partition is gone is reported as stuck once another partition waits for its slot', () => {
    const t = workOf({ timeoutMs: 500, timeoutGraceMs: 1_000, concurrency: 1 })
    const gone = t.claim(0)
    t.fetch(gone, 'x')
    end(gone, 'lost')
    t.worker.drop(gone)
    t.clock.advance(1_500)
    expect(t.told).toEqual([])
    t.fetch(t.claim(1), 'x')
    t.clock.advance(1_000)
    expect(t.told).toEqual(['stuck 0 after 2500 ms'])
  })

  test('a handler that asked to skip is done however it ends', async () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x')
    t.call(0).context.skip('a duplicate')
    await t.call(0).reject(new Error('and then it failed'))
    expect(t.told).toEqual(['skip 0: a duplicate'])
    expect(committable(c.tracker)).toBe(1)
  })
})

describe('dead letters', () => {
  const exhausted = deadLetter('dead', { delayMs: 100, delayMaxMs: 1_000 })
  const retry = { attempts: 1, delayMs: 100, delayMaxMs: 100 }

  test('a record is done once its dead letter is acknowledged, and not before (T14)', async () => {
    const t = workOf({ order: 'key', exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x', 'y', 'x')
    await t.call(0).reject(new Error('no'))
    await t.call(1).resolve()
    expect(t.letters[0]).toMatchObject({ offsets: [0], failure: { cause: 'exhausted', attempts: 1 } })
    expect(t.worker.holdup(c)).toMatchObject({ offset: 0, state: 'waiting for its dead letter to be written' })
    expect(committable(c.tracker)).toBe(0)
    expect(t.started()).toEqual([0, 1])
    await t.letters[0]!.written()
    expect(t.told).toEqual(['dead letter 0: exhausted'])
    expect(committable(c.tracker)).toBe(2)
    expect(t.started()).toEqual([0, 1, 2])
  })

  test('one that cannot be written keeps its record pending, and its key, and is tried again with growing pauses', async () => {
    const t = workOf({ order: 'key', exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x', 'y', 'x')
    await t.call(0).reject(new Error('no'))
    await t.call(1).resolve()
    for (const [tries, pauseMs] of [
      [1, 75],
      [2, 150],
      [3, 300],
      [4, 600],
      [5, 750],
      [6, 750],
    ] as const) {
      await t.letters.at(-1)!.fails('UNREACHABLE')
      expect(t.told.at(-1)).toBe(`no dead letter 0, try ${tries}, again in ${pauseMs}`)
      t.clock.advance(pauseMs - 1)
      expect(t.letters).toHaveLength(tries)
      t.clock.advance(1)
      expect(t.letters).toHaveLength(tries + 1)
    }
    expect(committable(c.tracker)).toBe(0)
    expect(t.started()).toEqual([0, 1])
    await t.letters.at(-1)!.written()
    expect(committable(c.tracker)).toBe(2)
  })

  test('one that no retry can write stops the partition', async () => {
    const t = workOf({ exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    await t.call(0).reject(new Error('no'))
    await t.letters[0]!.fails('TOPIC_AUTHORIZATION_FAILED')
    expect(t.told).toEqual(['no dead letter 0, try 0, again in undefined'])
    t.clock.advance(100_000)
    expect([t.letters.length, t.started(), committable(c.tracker)]).toEqual([1, [0], 0])
  })

  test('takes no slot while it is written', async () => {
    const t = workOf({ order: 'none', concurrency: 1, exhausted, retry })
    const c = t.claim()
    t.fetch(c, null, null)
    await t.call(0).reject(new Error('no'))
    expect(t.started()).toEqual([0, 1])
  })

  test('of a partition that is being given up holds the drain, and is not tried again', async () => {
    const t = workOf({ exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x')
    await t.call(0).reject(new Error('no'))
    c.phase = 'draining'
    expect(t.worker.drop(c)).toHaveLength(1)
    expect(c.calls.running).toBe(1)
    await t.letters[0]!.fails('UNREACHABLE')
    expect(c.calls.running).toBe(0)
    t.clock.advance(100_000)
    expect(t.letters).toHaveLength(1)
    expect(committable(c.tracker)).toBe(0)
  })

  test('that is acknowledged while its partition is given up counts; after the end it counts for nothing', async () => {
    const t = workOf({ order: 'key', exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x', 'y')
    await t.call(0).reject(new Error('no'))
    await t.call(1).reject(new Error('no'))
    c.phase = 'draining'
    t.worker.drop(c)
    await t.letters[0]!.written()
    expect(committable(c.tracker)).toBe(1)
    end(c, 'revoked')
    const next = t.claim()
    next.tracker = tracker(1)
    t.fetch(next, 'y')
    expect(t.started()).toEqual([0, 1])
    await t.letters[1]!.written()
    expect(committable(c.tracker)).toBe(1)
    expect(t.started()).toEqual([0, 1, 1])
    expect(c.calls.running).toBe(0)
  })

  test('a pause between tries ends with the claim', async () => {
    const t = workOf({ exhausted, retry })
    const c = t.claim()
    t.fetch(c, 'x')
    await t.call(0).reject(new Error('no'))
    await t.letters[0]!.fails('UNREACHABLE')
    c.phase = 'draining'
    expect(t.worker.drop(c)).toEqual([])
    expect(t.clock.pending).toBe(0)
  })

  test.each([
    ['resolves', (t: ReturnType<typeof workOf>) => t.call(0).resolve()],
    ['rejects', (t: ReturnType<typeof workOf>) => t.call(0).reject(new Error('no'))],
  ])('deadLetter() of a handler that %s goes at once, whatever attempts are left', async (_, settle) => {
    const t = workOf({ exhausted })
    t.fetch(t.claim(), 'x')
    t.call(0).context.deadLetter('no such customer')
    await settle(t)
    expect(t.letters[0]!.failure).toMatchObject({ cause: 'handler', attempts: 1, why: 'no such customer' })
  })

  test('deadLetter() without a dead-letter topic is refused', () => {
    const t = workOf()
    t.fetch(t.claim(), 'x')
    expect(() => t.call(0).context.deadLetter('why')).toThrow(/has no dead-letter topic/)
  })
})

describe('a suspect of having killed a process', () => {
  /** A claim with a guard that lets offset 0 wait. */
  function suspected(settings: Partial<EachWork> = {}) {
    const t = workOf({ order: 'key', ...settings })
    const c = t.claim()
    c.guard = { isOpen: true } as Guard
    const over: string[] = []
    const admission = Promise.withResolvers<Admission | undefined>()
    t.admissions.set(0, admission)
    const admit = async (): Promise<void> => {
      t.admissions.delete(0)
      admission.resolve({ over: () => over.push('over') })
      await settled()
    }
    return { ...t, c, over, admit }
  }

  test('is called once that is on record, and others meanwhile', async () => {
    const t = suspected()
    t.fetch(t.c, 'x', 'y', 'x')
    expect(t.started()).toEqual([1])
    expect(t.worker.holdup(t.c)).toMatchObject({ offset: 0, state: 'waiting for its call to be on record' })
    await t.admit()
    expect([t.started(), t.over]).toEqual([[1, 0], []])
    await t.call(0).resolve()
    expect([t.started(), t.over]).toEqual([[1, 0, 2], ['over']])
  })

  test('has its slot while it waits', async () => {
    const t = suspected({ concurrency: 1 })
    t.fetch(t.c, 'x', 'y')
    expect(t.started()).toEqual([])
    await t.admit()
    expect(t.started()).toEqual([0])
    await t.call(0).resolve()
    expect(t.started()).toEqual([0, 1])
  })

  test('is not called if its partition was paused meanwhile, and later it is', async () => {
    const t = suspected()
    t.fetch(t.c, 'x')
    t.c.paused = true
    await t.admit()
    expect([t.started(), t.over]).toEqual([[], ['over']])
    t.c.paused = false
    t.worker.wake(t.c)
    expect(t.started()).toEqual([0])
  })

  test('is not called if its partition is being given up meanwhile', async () => {
    const t = suspected({ concurrency: 1 })
    t.fetch(t.c, 'x')
    t.c.phase = 'draining'
    expect(t.worker.drop(t.c)).toEqual([])
    await t.admit()
    expect([t.started(), t.over, t.c.calls.running]).toEqual([[], ['over'], 0])
    const next = t.claim()
    t.fetch(next, 'x')
    expect(t.started()).toEqual([0])
  })

  test.each([
    ['stop' as const, 'stop 0: TidemarkError: t-0 at offset 0 killed its process 1 times, and is not handled any more', 0],
    ['skip' as const, 'skip 0: TidemarkError: t-0 at offset 0 killed its process 1 times, and is not handled any more', 1],
  ])('that is condemned is not called: %s', (exhausted, told, committed) => {
    const t = suspected({ exhausted })
    t.admissions.clear()
    t.condemned.add(0)
    t.fetch(t.c, 'x')
    expect([t.started(), t.told, committable(t.c.tracker)]).toEqual([[], [told], committed])
  })

  test('that is condemned becomes a dead letter', async () => {
    const t = suspected({ exhausted: deadLetter('dead') })
    t.admissions.clear()
    t.condemned.add(0)
    t.fetch(t.c, 'x', 'x')
    expect(t.letters[0]).toMatchObject({ offsets: [0], failure: { cause: 'killed the process' } })
    await t.letters[0]!.written()
    expect(t.started()).toEqual([1])
  })
})
