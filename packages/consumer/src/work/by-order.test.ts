// biome-ignore-all lint/suspicious/noThenProperty: thenables of every kind are what is tested
import { describe, expect, test } from 'vitest'
import { committable } from '../commit/tracker.ts'
import { end, settled, workOf } from '../testing/by-order.case.ts'

describe('order by partition', () => {
  test('runs one record of a partition at a time, and partitions side by side', async () => {
    const t = workOf()
    const [a, b] = [t.claim(0), t.claim(1)]
    t.fetch(a, 'x', 'x')
    t.fetch(b, 'x', 'x')
    expect(t.calls).toHaveLength(2)
    await t.calls[0]!.resolve()
    expect(t.started()).toEqual([0, 0, 1])
    expect(committable(a.tracker)).toBe(1)
    expect(committable(b.tracker)).toBe(0)
  })
})

describe('order by key', () => {
  test('runs records of one key one after the other, compared by content, and other keys beside them (T43)', async () => {
    const t = workOf({ order: 'key' })
    const c = t.claim()
    t.fetch(c, 'a', 'b', 'a', 'b', 'c')
    expect(t.started()).toEqual([0, 1, 4])
    await t.call(1).resolve()
    expect(t.started()).toEqual([0, 1, 4, 3])
    expect(committable(c.tracker)).toBe(0)
    await t.call(0).resolve()
    expect(committable(c.tracker)).toBe(2)
  })

  test('a record without a key has no order among the keyless', () => {
    const t = workOf({ order: 'key' })
    t.fetch(t.claim(), null, null, 'a')
    expect(t.started().sort()).toEqual([0, 1, 2])
  })

  test('the empty key is a key, and not the same as none', () => {
    const t = workOf({ order: 'key' })
    t.fetch(t.claim(), '', '', null)
    expect(t.started()).toEqual([0, 2])
  })

  test('how many records pause is known, whatever ends the pause', async () => {
    const t = workOf({ order: 'key' })
    const c = t.claim()
    t.fetch(c, 'x', 'y')
    await t.call(0).reject(new Error('no'))
    await t.call(1).reject(new Error('no'))
    expect(c.calls).toEqual({ started: 2, running: 0, stuck: 0, pausing: 2 })
    t.clock.advance(100)
    expect(c.calls).toEqual({ started: 4, running: 2, stuck: 0, pausing: 0 })
    await t.call(0).reject(new Error('no'))
    expect(c.calls).toEqual({ started: 4, running: 1, stuck: 0, pausing: 1 })
    c.phase = 'draining'
    t.worker.drop(c)
    expect(c.calls).toEqual({ started: 4, running: 1, stuck: 0, pausing: 0 })
  })

  test('a claim is held up if no record of it that waits can start, whatever others do', async () => {
    const t = workOf({ order: 'key', concurrency: 2 })
    const [a, b] = [t.claim(0), t.claim(1)]
    t.fetch(a, 'x', 'x')
    t.fetch(b, 'y', 'z')
    expect([t.worker.isHeldUp(a), t.worker.isHeldUp(b), t.worker.isHungry()]).toEqual([true, false, false])
    const inOrder = workOf()
    const c = inOrder.claim()
    inOrder.fetch(c, 'x', 'x')
    expect(inOrder.worker.isHeldUp(c)).toBe(false)
  })

  test('a retrying record holds up its own key alone', async () => {
    const t = workOf({ order: 'key' })
    t.fetch(t.claim(), 'a', 'a', 'b', 'b')
    await t.call(0).reject(new Error('no'))
    await t.call(2).resolve()
    expect(t.started()).toEqual([0, 2, 3])
    t.clock.advance(100)
    expect(t.started()).toEqual([0, 2, 3, 0])
    expect(t.call(0).context.attempt).toBe(2)
    await t.call(0).resolve()
    expect(t.started()).toEqual([0, 2, 3, 0, 1])
  })
})

describe('no order', () => {
  test('runs as many side by side as concurrency allows, over all partitions', async () => {
    const t = workOf({ order: 'none', concurrency: 3 })
    const [a, b] = [t.claim(0), t.claim(1)]
    t.fetch(a, 'x', 'x')
    t.fetch(b, 'x', 'x')
    expect(t.calls).toHaveLength(3)
    await t.calls[1]!.resolve()
    expect(t.calls).toHaveLength(4)
  })

  test('the commit waits for the oldest however the others finish', async () => {
    const t = workOf({ order: 'none' })
    const c = t.claim()
    t.fetch(c, 'x', 'x', 'x')
    await t.call(2).resolve()
    await t.call(1).resolve()
    expect(committable(c.tracker)).toBe(0)
    await t.call(0).resolve()
    expect(committable(c.tracker)).toBe(3)
  })
})

describe('claims', () => {
  test('a late result of a dead claim counts for nothing, also not for the next claim of the partition (T2, T8)', async () => {
    const t = workOf()
    const old = t.claim()
    t.fetch(old, 'x')
    t.worker.drop(old)
    end(old, 'lost')
    const fresh = t.claim()
    t.fetch(fresh, 'x')
    await t.calls[0]!.resolve()
    expect(committable(old.tracker)).toBe(0)
    expect(committable(fresh.tracker)).toBe(0)
    await t.calls[1]!.resolve()
    expect(committable(fresh.tracker)).toBe(1)
  })

  test('draining starts nothing, drops what waits for another attempt, and keeps what finishes (T20)', async () => {
    const t = workOf({ order: 'none', concurrency: 2 })
    const c = t.claim()
    t.fetch(c, 'x', 'x', 'x')
    await t.call(1).reject('no')
    c.phase = 'draining'
    t.worker.drop(c)
    await t.call(0).resolve()
    t.clock.advance(10_000)
    expect(t.started()).toEqual([0, 1, 2])
    await t.call(2).resolve()
    expect(committable(c.tracker)).toBe(1)
  })

  test('signals of handlers abort with the reason when their claim ends', () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x')
    const { signal } = t.call(0).context
    end(c, 'lost')
    expect(signal.reason).toBe('lost')
  })

  test('slots of a lost claim are free again: nothing leaks (T30)', async () => {
    const t = workOf({ concurrency: 1 })
    const old = t.claim(0)
    const other = t.claim(1)
    t.fetch(old, 'x')
    t.fetch(other, 'x')
    t.worker.drop(old)
    end(old, 'lost')
    await t.calls[0]!.resolve()
    expect(t.calls).toHaveLength(2)
  })

  test('pause keeps what was fetched, and resume goes on with the next record (T9)', async () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x', 'x', 'x')
    c.paused = true
    await t.call(0).resolve()
    expect(t.started()).toEqual([0])
    expect(committable(c.tracker)).toBe(1)
    c.paused = false
    t.worker.wake(c)
    expect(t.started()).toEqual([0, 1])
  })

  test('nothing starts while the member may have been expelled', async () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    t.distrust(true)
    await t.call(0).resolve()
    expect(t.started()).toEqual([0])
    t.distrust(false)
    t.worker.wake(c)
    expect(t.started()).toEqual([0, 1])
  })
})

describe('commit modes', () => {
  test('delivered counts a record as done when its handler is called', () => {
    const t = workOf({}, 'delivered')
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    expect(committable(c.tracker)).toBe(1)
  })

  test.each([
    ['delivered' as const, 0],
    ['processed' as const, 1],
  ])('%s: what failed is noted for as long as it is not done', async (mode, count) => {
    const t = workOf({}, mode)
    const c = t.claim()
    t.fetch(c, 'x')
    await t.call(0).reject(new Error('no'))
    expect(c.tracker.notes.size).toBe(count)
    t.clock.advance(100)
    await t.call(0).resolve()
    expect(c.tracker.notes.size).toBe(0)
  })

  test('manual leaves a record that its handler did not commit, and never passes it', async () => {
    const t = workOf({ order: 'none' }, 'manual')
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    await t.call(1).context.commit()
    await t.call(0).resolve()
    await t.call(1).resolve()
    expect(committable(c.tracker)).toBe(0)
    await t.call(0).context.commit()
    expect(committable(c.tracker)).toBe(2)
  })
})

test('a handler without promises runs through thousands of records without growing the stack', () => {
  let calls = 0
  const t = workOf({ handler: () => void calls++ })
  const c = t.claim()
  t.fetch(c, ...Array.from({ length: 50_000 }, () => 'x'))
  expect(calls).toBe(50_000)
  expect(committable(c.tracker)).toBe(50_000)
})

describe('whatever a handler returns', () => {
  const throwing = {
    then: () => {
      throw new Error('no')
    },
  }
  const twice = { then: (resolve: () => void) => (resolve(), resolve()) }
  const unreadable = {
    get then(): unknown {
      throw new Error('no')
    },
  }
  const callable = Object.assign(() => {}, { then: (resolve: () => void) => resolve() })

  test.each([
    ['a thenable whose then throws', throwing, 'failed'],
    ['a thenable whose then cannot be read', unreadable, 'failed'],
    ['a thenable that resolves twice', twice, 'done'],
    ['a function with a then', callable, 'done'],
    ['a function', () => {}, 'done'],
    ['nothing', undefined, 'done'],
    ['null', null, 'done'],
  ] as const)('%s settles the call once', async (_, result, outcome) => {
    const t = workOf({ concurrency: 1, handler: () => result })
    const c = t.claim()
    t.fetch(c, 'x')
    await settled()
    expect(c.calls.running).toBe(0)
    expect(t.told).toEqual(outcome === 'failed' ? ['retry 0 after attempt 1'] : [])
    expect(committable(c.tracker)).toBe(outcome === 'failed' ? 0 : 1)
  })

  test('a function with a then is waited for', async () => {
    const gate = Promise.withResolvers<void>()
    const t = workOf({ handler: () => Object.assign(() => {}, { then: gate.promise.then.bind(gate.promise) }) })
    const c = t.claim()
    t.fetch(c, 'x')
    await settled()
    expect(committable(c.tracker)).toBe(0)
    gate.resolve()
    await settled()
    expect(committable(c.tracker)).toBe(1)
  })
})

describe('a claim that is replaced while its handlers run', () => {
  test.each(['partition', 'key'] as const)('order %s: nothing of the new claim starts beside a call of the old one', async (order) => {
    const t = workOf({ order })
    const old = t.claim()
    t.fetch(old, 'x')
    t.worker.drop(old)
    end(old, 'seek')
    const fresh = t.claim()
    t.fetch(fresh, 'x', 'x')
    expect(t.started()).toEqual([0])
    await t.calls[0]!.resolve()
    expect(t.started()).toEqual([0, 0])
    expect(committable(fresh.tracker)).toBe(0)
  })

  test('order none: the record that an old call handles waits, and the others do not', async () => {
    const t = workOf({ order: 'none' })
    const old = t.claim()
    t.fetch(old, 'x')
    t.worker.drop(old)
    end(old, 'seek')
    const fresh = t.claim()
    t.fetch(fresh, 'x', 'x')
    expect(t.started()).toEqual([0, 1])
    await t.calls[0]!.resolve()
    expect(t.started()).toEqual([0, 1, 0])
  })
})

describe('the signal of a call', () => {
  test('belongs to the call: listeners that are never removed are not kept by the claim', async () => {
    const t = workOf({ order: 'none', concurrency: 1 })
    const c = t.claim()
    t.fetch(c, ...Array.from({ length: 100 }, () => 'x'))
    let aborted = 0
    for (let offset = 0; offset < 100; offset++) {
      t.call(offset).context.signal.addEventListener('abort', () => aborted++)
      if (offset < 99) await t.call(offset).resolve()
    }
    end(c, 'lost')
    expect(aborted).toBe(1)
    expect(t.call(99).context.signal.reason).toBe('lost')
    expect(t.call(0).context.signal.aborted).toBe(false)
  })
})

describe('manual commits', () => {
  test('a commit covers earlier records whose handlers have settled, and is held back by those that run', async () => {
    const t = workOf({ order: 'none' }, 'manual')
    const c = t.claim()
    t.fetch(c, 'x', 'x', 'x', 'x')
    await t.call(0).resolve()
    await t.call(2).resolve()
    await t.call(3).context.commit()
    expect(committable(c.tracker)).toBe(1)
    expect(c.tracker.finishedCount).toBe(3)
    await t.call(1).resolve()
    expect(committable(c.tracker)).toBe(1)
  })
})

describe('commit() of a call', () => {
  test('after the call has failed, or its time is over, is refused: the record may be tried again', async () => {
    const t = workOf({ timeoutMs: 500 })
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    const [first] = t.calls
    await first!.reject('no')
    await expect(first!.context.commit()).rejects.toMatchObject({ code: 'COMMIT_FENCED' })
    t.clock.advance(100)
    t.clock.advance(500)
    await expect(t.calls.at(-1)!.context.commit()).rejects.toMatchObject({ code: 'COMMIT_FENCED' })
    expect(committable(c.tracker)).toBe(0)
  })

  test('counts: a handler that fails afterwards is not called again for the record', async () => {
    const t = workOf()
    const c = t.claim()
    t.fetch(c, 'x', 'x')
    await t.calls[0]!.context.commit()
    await t.calls[0]!.reject('too late')
    expect(t.told).toEqual(['skip 0: too late'])
    expect(t.calls.map((c) => c.offset)).toEqual([0, 1])
    expect(committable(c.tracker)).toBe(1)
  })

  test('checks what it is given', async () => {
    const t = workOf()
    t.fetch(t.claim(), 'x')
    const [call] = t.calls
    await expect(call!.context.commit({ timeoutMs: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(call!.context.commit({ timeoutMS: 5 } as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(call!.context.commit({ signal: {} as never })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})
